#![doc = include_str!("../README.md")]

mod config;
mod kv_cache;
mod mask;
mod multi_head;

pub use config::MultiHeadAttentionConfig;
pub use kv_cache::{KeyValue, KvCache};
pub use mask::AttentionMask;
pub use multi_head::MultiHeadAttention;

// What the configuration and the forward passes take.
pub use crosshead_kernels::Mode;
pub use crosshead_position::RotaryConfig;
