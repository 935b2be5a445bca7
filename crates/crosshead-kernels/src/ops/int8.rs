//! Weights in 8 bits as tensors.
//!
//! On the Flex backend outside autodiff a weight stays in 8 bits, and operations that take weights (linear maps, embedding,
//! the output projection) compute with it as it is. Elsewhere it becomes f32.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::args::int8::Int8Weight;
use crate::args::linear::LinearWeights;

impl Int8Weight {
    /// The weight as a tensor: in 8 bits where the device computes with them, which [`computes_int8`] says, otherwise in
    /// f32.
    ///
    /// # Panics
    /// If `D` is not 2.
    pub fn into_tensor<const D: usize>(self, device: &Device) -> Tensor<D> {
        assert_eq!(D, 2, "a weight in 8 bits is a matrix");
        #[cfg(feature = "flex")]
        if computes_int8(device) {
            return crate::flex::runtime::int8::from_rows(self.values, &self.scales, self.shape);
        }
        Tensor::from_data(TensorData::new(self.dequantize(), self.shape), device)
    }

    /// The weight that a tensor in 8 bits holds; none where a tensor is f32.
    pub fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        #[cfg(feature = "flex")]
        if is_int8(tensor) {
            return Some(crate::flex::runtime::int8::to_rows(tensor.clone()));
        }
        let _ = tensor;
        None
    }
}

/// Whether a device computes with weights in 8 bits: Flex without autodiff.
pub fn computes_int8(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return matches!(device.as_dispatch(), burn::backend::DispatchDevice::Flex(_));
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Whether a tensor is a weight in 8 bits.
pub fn is_int8<const D: usize>(tensor: &Tensor<D>) -> bool {
    matches!(tensor.dtype(), DType::QFloat(_))
}

/// A tensor in f32: a weight in 8 bits becomes its values times their scales.
pub fn dequantize<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    match Int8Weight::of(&tensor) {
        Some(weight) => {
            let data = TensorData::new(weight.dequantize(), weight.shape);
            Tensor::from_data(data, &tensor.device())
        }
        None => tensor,
    }
}

impl LinearWeights {
    /// The same weights in f32.
    pub(crate) fn dequantized(self) -> Self {
        Self { weight: dequantize(self.weight), bias: self.bias }
    }
}
