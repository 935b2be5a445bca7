#![doc = include_str!("../README.md")]

mod classifier;
mod directory;
mod embedder;
mod error;
mod fill_mask;
mod generator;
mod softmax;
mod text_to_text;

pub use classifier::{Classified, Classifier, Label, ScoreFunction};
pub use directory::model_directory;
pub use embedder::{Embedder, Embedding, Prompt, Purpose, Similarity, cosine};
pub use error::Error;
pub use fill_mask::{FillMask, Filled, Guess};
pub use generator::{Generated, Generator, SampleOptions};
pub use text_to_text::{SearchOptions, Summarizer, TextToText, Translator, Written};
