#![doc = include_str!("../README.md")]

mod error;
mod formats;
mod initialize;
mod mapping;
mod missing;
pub mod parameters;
mod source;
mod values;
mod write;

pub use error::WeightsError;
pub use initialize::{Initialization, initialize, initialize_where};
pub use safetensors::Dtype;
pub use source::{TensorSource, from_safetensors};
pub use write::{to_safetensors, write_tensors};
