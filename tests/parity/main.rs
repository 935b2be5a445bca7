//! Parity with PyTorch and Hugging Face `transformers` on the device under test.

mod adapters;
mod attention;
mod bricks;
mod ctranslate2;
mod directories;
mod encoder_decoder;
mod families;
mod int8;
mod objectives;
mod round_trip;
