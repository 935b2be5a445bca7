//! Every task on tiny models with drawn weights, called as a library.

mod classifier;
mod embedder;
mod fill_mask;
mod open;
mod text_to_text;
mod tiny;
