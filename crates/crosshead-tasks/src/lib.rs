#![doc = include_str!("../README.md")]

mod classifier;
mod directory;
mod embedder;
mod error;
mod fill_mask;
mod frame;
mod generator;
mod text_to_text;

pub use classifier::{Classified, Classifier, Label, limit};
pub use directory::model_directory;
pub use embedder::{Embedder, Embedding, cosine};
pub use error::Error;
pub use fill_mask::{FillMask, Filled, Guess};
pub use frame::framed;
pub use generator::{Generated, Generator, SampleOptions};
pub use text_to_text::{SearchOptions, Summarizer, TextToText, Translator, Written};
