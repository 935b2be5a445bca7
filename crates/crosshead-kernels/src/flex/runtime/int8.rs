//! Weights in 8 bits as tensors of the Flex backend.
//!
//! burn scales blocks of at most 255 adjacent values. Here all values of a row have one scale, so the blocks of a row
//! have equal ones.

use burn::backend::flex::{FlexQTensor, FlexTensor, Layout};
use burn::backend::{BackendTensor, DispatchKindConversion, DispatchTensor, Flex};
use burn::tensor::quantization::{QuantScheme, QuantStore, QuantValue, ScaleDtype};
use burn::tensor::{Bytes, DType, Shape, Tensor};

use super::pages;
use super::tensor::dims;
use crate::args::int8::Int8Weight;

/// The values of a block.
const BLOCK: u8 = 255;

/// How burn calls the format.
fn scheme() -> QuantScheme {
    QuantScheme::default()
        .with_value(QuantValue::Q8S)
        .with_store(QuantStore::Native)
        .per_block([BLOCK], ScaleDtype::F32)
}

/// A weight of signed bytes with one scale for each row.
pub(crate) fn from_rows<const D: usize>(
    values: Bytes,
    scales: &[f32],
    [d_out, d_in]: [usize; 2],
) -> Tensor<D> {
    let copies = copies(d_in);
    let scales = scales.iter().flat_map(|&scale| std::iter::repeat_n(scale, copies)).collect();
    let layout = Layout::contiguous(Shape::new([d_out, d_in]));
    let values = FlexTensor::new(values, layout, DType::I8);
    let weight = FlexQTensor::new(values, scheme(), scales, None);
    let weight = BackendTensor::<Flex>::Quantized(weight);
    Tensor::from_dispatch(<DispatchTensor as DispatchKindConversion<Flex>>::from_backend(weight))
}

/// The weight that [`from_rows`] made a tensor, copied.
pub(crate) fn to_rows<const D: usize>(weight: Tensor<D>) -> Int8Weight {
    let weight = quantized(weight);
    let shape @ [d_out, d_in] = dims(weight.tensor());
    let copies = copies(d_in);
    Int8Weight {
        values: Bytes::from_elems(signed_values(&weight).to_vec()),
        scales: scales(&weight).iter().step_by(copies).take(d_out).copied().collect(),
        shape,
    }
}

/// Moves the values into large pages, as [`crate::use_large_pages`] does.
pub(crate) fn gather<const D: usize>(weight: &Tensor<D>) {
    pages::gather_values(signed_values(&quantized(weight.clone())));
}

/// The blocks of a row.
fn copies(d_in: usize) -> usize {
    d_in.div_ceil(BLOCK.into()).max(1)
}

/// The backend's own tensor of a weight in 8 bits.
///
/// # Panics
/// If it is on another backend, or [`from_rows`] did not make it.
pub(crate) fn quantized<const D: usize>(weight: Tensor<D>) -> FlexQTensor {
    assert!(weight.dtype() == DType::QFloat(scheme()), "{:?} is not int8 by rows", weight.dtype());
    let weight =
        <DispatchTensor as DispatchKindConversion<Flex>>::try_into_backend(weight.into_dispatch());
    weight.expect("a tensor of the Flex backend").quantized()
}

/// The values of a weight in 8 bits, `[d_out, d_in]`.
pub(crate) fn signed_values(weight: &FlexQTensor) -> &[i8] {
    weight.tensor().as_slice().expect("contiguous signed bytes")
}

/// The scales of its rows, with equal copies of each.
pub(crate) fn scales(weight: &FlexQTensor) -> &[f32] {
    weight.scales()
}
