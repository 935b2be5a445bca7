#![doc = include_str!("../README.md")]

mod config;
mod kv_cache;
mod mask;
mod multi_head;

pub use config::MultiHeadAttentionConfig;
pub use kv_cache::{KeyValue, KvCache};
pub use mask::AttentionMask;
pub use multi_head::MultiHeadAttention;

// Types from other crates that appear in this crate's API.
pub use crosshead_kernels::{Linear, Mode, RandomKey, RmsNorm};
pub use crosshead_position::{Rotary, RotaryConfig, RotaryPairing, RotaryScaling};
