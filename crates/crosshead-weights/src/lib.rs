#![doc = include_str!("../README.md")]

mod error;
mod files;
mod formats;
mod initialize;
mod mapping;
pub mod parameters;
mod source;
mod values;
mod write;

pub use error::WeightsError;
pub use files::{write_atomic, write_directory};
pub use initialize::{Initialization, initialize, initialize_where};
pub use safetensors::Dtype;
pub use source::TensorSource;
pub use write::write_tensors;
