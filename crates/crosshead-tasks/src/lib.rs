#![doc = include_str!("../README.md")]

mod classifier;
mod directory;
mod embedder;
mod error;
mod fill_mask;
mod generator;
mod softmax;
mod summarizer;
mod task;
mod text_to_text;
mod translator;

pub use classifier::{Classified, Classifier, Label, ScoreFunction};
pub use directory::model_directory;
pub use embedder::{Embedder, Embedding, Prompt, Purpose, Similarity, cosine};
pub use error::TaskError;
pub use fill_mask::{FillMask, Filled, Guess};
pub use generator::{Generated, Generator, SampleOptions};
pub use summarizer::Summarizer;
pub use task::{ModelTask, Task, open};
pub use text_to_text::{SearchOptions, TextToText, Written};
pub use translator::Translator;
