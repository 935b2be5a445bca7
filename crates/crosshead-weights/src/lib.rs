#![doc = include_str!("../README.md")]

mod average;
mod ct2;
mod ct2_scalar;
mod error;
mod formats;
mod initialize;
mod int8;
mod mapping;
mod missing;
pub mod parameters;
mod quantized;
mod source;
mod values;
mod write;

pub use average::{AverageError, Mean};
pub use ct2::Ct2Model;
pub use ct2_scalar::Ct2Scalar;
pub use error::WeightsError;
pub use initialize::{Initialization, initialize, initialize_where};
pub use int8::{Int8Matrix, ScaleAxis};
pub use quantized::QuantizedTensor;
pub use safetensors::Dtype;
pub use source::{TensorSource, from_safetensors};
pub use write::{to_safetensors, write_int8_tensors, write_tensors};
