//! The binary as a user runs it.

mod bad_input;
#[cfg(feature = "hub")]
mod fetch;
mod harness;
mod resume;
mod train_and_translate;
