//! The binary as a user runs it.

mod bad_input;
mod bad_tasks;
#[cfg(feature = "hub")]
mod fetch;
mod harness;
mod resume;
mod tasks;
mod train_and_translate;
