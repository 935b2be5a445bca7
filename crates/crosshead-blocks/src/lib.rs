#![doc = include_str!("../README.md")]

mod config;
mod decoder;
mod encoder;
mod feed_forward;
mod norm;
mod stack;
mod sub_layer;

pub use config::{LayerConfig, PositionBiasKind};
pub use decoder::{Decoder, DecoderCache, DecoderLayer, Memory};
pub use encoder::{Encoder, EncoderLayer};
pub use feed_forward::{FeedForward, FeedForwardConfig};
pub use norm::{Norm, NormKind};
pub use sub_layer::NormOrder;
