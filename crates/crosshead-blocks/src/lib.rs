#![doc = include_str!("../README.md")]

mod config;
mod decoder;
mod encoder;
mod feed_forward;
mod sub_layer;

pub use config::LayerConfig;
pub use decoder::{Decoder, DecoderCache, DecoderLayer};
pub use encoder::{Encoder, EncoderLayer};
pub use feed_forward::FeedForward;
pub use sub_layer::NormOrder;
