#![doc = include_str!("../README.md")]

pub mod activation;
pub mod adam;
pub mod add_norm;
pub mod attention;
pub mod checkpoint;
pub mod dropout;
pub mod embedding;
#[cfg(feature = "flex")]
mod flex;
pub mod gated;
pub mod linear;
pub mod loss;
pub mod memory;
pub mod norm;
pub mod random;
pub mod rows;
pub mod threads;

pub use activation::Activation;
pub use adam::{AdamStep, adam_step, sum_of_squares};
pub use add_norm::{add_norm, add_then_norm};
pub use attention::{AttentionOptions, Reach, attention, attention_weights};
pub use checkpoint::checkpoint;
pub use dropout::{add_dropout, dropout};
pub use embedding::embedding;
pub use gated::gated_linear;
pub use linear::{Linear, LinearConfig, LinearWeights, linear, linear_three};
pub use loss::{LabelSmoothing, linear_cross_entropy};
pub use memory::use_large_pages;
pub use norm::{
    LayerNorm, LayerNormConfig, NormWeights, RmsNorm, RmsNormConfig, layer_norm, rms_norm,
};
pub use random::{Mode, RandomKey};
pub use rows::select_rows;
pub use threads::in_pool;
