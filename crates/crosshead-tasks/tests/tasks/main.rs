//! Every task as a library, on tiny models with random weights.

mod attention;
mod classifier;
mod embedder;
mod fill_mask;
mod generator;
mod open;
mod text_to_text;
mod tiny;
