#![doc = include_str!("../README.md")]

mod args;
#[cfg(feature = "flex")]
mod flex;
mod machine;
mod nn;
mod ops;
mod random;
mod runtime;

pub use args::activation::Activation;
pub use args::adam::AdamStep;
pub use args::attention::{AttentionOptions, Reach};
pub use args::int8::Int8Weight;
pub use args::linear::LinearWeights;
pub use args::norm::NormWeights;
pub use machine::Machine;
pub use nn::linear::{Linear, LinearConfig, glorot_uniform};
pub use nn::linears::Linears;
pub use nn::lora::{Lora, LoraConfig, LoraScaling};
pub use nn::norm::{LayerNorm, LayerNormConfig, RmsNorm, RmsNormConfig};
pub use ops::adam::{adam_step, sum_of_squares};
pub use ops::add_norm::{add_norm, add_then_norm};
pub use ops::attention::{attention, attention_weights};
pub use ops::checkpoint::checkpoint;
pub use ops::dropout::{add_dropout, dropout};
pub use ops::embedding::embedding;
pub use ops::gated::gated_linear;
pub use ops::int8::{computes_int8, dequantize, is_int8};
pub use ops::linear::{linear, linear_three};
pub use ops::loss::{
    CrossEntropy, LabelSmoothing, linear_cross_entropy, linear_cross_entropy_with,
};
pub use ops::norm::{layer_norm, rms_norm};
pub use ops::orthogonalize::orthogonalize;
pub use ops::r_drop::r_drop;
pub use ops::rows::select_rows;
pub use ops::scaled_sum::scaled_sum;
pub use random::{Mode, RandomKey};
pub use runtime::{has_fused_operations, in_pool, use_large_pages};
