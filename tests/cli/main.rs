//! The binary as a user runs it.

mod bad_input;
mod harness;
mod resume;
mod train_and_translate;
