#![doc = include_str!("../README.md")]

mod config;
mod decoder;
mod encoder;
mod feed_forward;
mod norm;
mod stack;
mod sub_layer;

pub use config::{LayerConfig, PositionBiasKind};
pub use decoder::{Decoder, DecoderAttention, DecoderCache, DecoderLayer, Memory};
pub use encoder::{Encoder, EncoderLayer};
pub use feed_forward::{FeedForward, FeedForwardConfig};
pub use norm::{Norm, NormKind};
pub use sub_layer::NormOrder;

// Types from other crates that appear in this crate's API.
pub use crosshead_attention::{
    AttentionMask, KeyValue, KvCache, MultiHeadAttention, MultiHeadAttentionConfig,
};
pub use crosshead_kernels::{Activation, LayerNorm, Linear, Mode, RandomKey, RmsNorm};
pub use crosshead_position::PositionBias;
