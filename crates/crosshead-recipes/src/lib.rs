#![doc = include_str!("../README.md")]

mod data;
mod error;
mod evaluate;
mod host;
mod jobs;
mod kept;
mod languages;
mod parameters;
pub mod recipe;
pub mod report;
mod run;
mod tokenizer;

pub use error::Error;
pub use evaluate::evaluate;
pub use host::{Assets, Event, Events, Host, NoAssets, Stop};
pub use jobs::{
    classification, language_modeling, masked_language_modeling, summaries, translations,
};
pub use recipe::Recipe;
pub use report::Report;
pub use run::{Summary, train};
