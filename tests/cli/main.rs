//! The binary as a user runs it.

mod bad_input;
mod bad_tasks;
mod embed;
#[cfg(feature = "hub")]
mod fetch;
mod generation;
mod harness;
mod real;
mod resume;
mod tasks;
mod train_and_translate;
mod translators;
