#![doc = include_str!("../README.md")]

mod app;
mod deepl;
mod engine;
mod fields;
mod files;
mod generation;
mod id;
mod layers;
mod libre;
mod metrics;
mod models;
mod native;
mod openai;
mod options;
mod page;
mod probes;
mod reply;
mod security;
mod server;
mod state;
mod tei;
mod text;
mod translate;

pub use options::{ModelSource, Options, ServeError};
pub use server::{Server, Stopper};

#[cfg(test)]
mod tests;
