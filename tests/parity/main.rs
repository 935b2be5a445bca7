//! The same numbers as PyTorch and Hugging Face `transformers`, on the device that is tested.

mod bricks;
mod directories;
mod encoder_decoder;
mod families;
mod round_trip;
