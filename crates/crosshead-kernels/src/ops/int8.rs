//! int8 weights as tensors.
//!
//! On the Flex backend without autodiff, linear layers, embedding and output projection compute with int8 weights. On
//! other devices, the weights are dequantized to f32.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::args::int8::Int8Weight;
use crate::args::linear::LinearWeights;

impl Int8Weight {
    /// Converts the weight to a tensor: int8 on devices that support it (see [`computes_int8`]), otherwise f32.
    ///
    /// # Panics
    /// If `D` is not 2.
    pub fn into_tensor<const D: usize>(self, device: &Device) -> Tensor<D> {
        assert_eq!(D, 2, "int8 weights are matrices");
        #[cfg(feature = "flex")]
        if computes_int8(device) {
            return crate::flex::runtime::int8::from_rows(self.values, &self.scales, self.shape);
        }
        Tensor::from_data(TensorData::new(self.dequantize(), self.shape), device)
    }

    /// The weight of an int8 tensor, copied; `None` for an f32 tensor.
    pub fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        #[cfg(feature = "flex")]
        if is_int8(tensor) {
            return Some(crate::flex::runtime::int8::to_rows(tensor.clone()));
        }
        let _ = tensor;
        None
    }
}

/// Whether a device computes with int8 weights: Flex without autodiff.
pub fn computes_int8(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return matches!(device.as_dispatch(), burn::backend::DispatchDevice::Flex(_));
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Whether a tensor is an int8 weight.
pub fn is_int8<const D: usize>(tensor: &Tensor<D>) -> bool {
    matches!(tensor.dtype(), DType::QFloat(_))
}

/// Dequantizes an int8 weight to f32; other tensors are returned unchanged.
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
    /// Dequantizes the weight to f32.
    pub(crate) fn dequantized(self) -> Self {
        Self { weight: dequantize(self.weight), bias: self.bias }
    }
}
