#![doc = include_str!("../README.md")]

mod directory;
mod error;
mod evaluation;
#[cfg(feature = "hub")]
pub mod hub;
pub mod recipe;
pub mod run;
mod translator;

pub use directory::model_directory;
pub use error::Error;
pub use evaluation::{Evaluation, evaluate};
pub use recipe::Recipe;
pub use translator::{SearchOptions, Translation, Translator};

pub use crosshead_attention as attention;
pub use crosshead_blocks as blocks;
pub use crosshead_data as data;
pub use crosshead_evaluate as metrics;
pub use crosshead_generate as generate;
pub use crosshead_kernels as kernels;
pub use crosshead_models as models;
pub use crosshead_position as position;
pub use crosshead_tokenize as tokenize;
pub use crosshead_train as train;
