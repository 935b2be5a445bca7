//! What trained models do for a user: one type for each task.

mod classifier;
mod fill_mask;
mod generator;
mod text_to_text;

pub use classifier::{Classified, Classifier, Label, ScoreFunction};
pub use fill_mask::{FillMask, Filled, Guess};
pub use generator::{Generated, Generator, SampleOptions};
pub use text_to_text::{SearchOptions, Summarizer, TextToText, Translator, Written};

/// exp(xᵢ) / Σ exp(xⱼ).
fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}
