#![doc = include_str!("../README.md")]

mod directory;
mod embedder;
mod error;
pub mod evaluation;
#[cfg(feature = "hub")]
pub mod hub;
pub mod recipe;
pub mod report;
pub mod run;
mod tasks;

pub use directory::model_directory;
pub use embedder::{Embedder, Embedding, Prompt, Purpose, Similarity, cosine};
pub use error::Error;
pub use recipe::Recipe;
pub use report::Report;
pub use tasks::{
    Classified, Classifier, FillMask, Filled, Generated, Generator, Guess, Label, SampleOptions,
    ScoreFunction, SearchOptions, Summarizer, TextToText, Translator, Written,
};

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
