//! How good models are on data with known answers.

mod classification;
mod language_model;
mod masked_lm;
mod run;
mod text_to_text;

pub(crate) use classification::check_single_label;
pub use classification::classification;
pub use language_model::language_modeling;
pub(crate) use language_model::score;
pub use masked_lm::masked_language_modeling;
pub(crate) use masked_lm::{masked_figures, masking, pieces};
pub use run::evaluate;
pub use text_to_text::{summaries, translations};
