//! int8 weights as quantized tensors of the Flex backend.
//!
//! burn's quantization has a scale per block of at most 255 adjacent values. The blocks of a row get equal scales. After
//! them, where burn does not look, come the scales of the rows, one each, and the sums of their values.

use burn::backend::flex::{FlexQTensor, FlexTensor, Layout};
use burn::backend::{BackendTensor, DispatchKindConversion, DispatchTensor, Flex};
use burn::tensor::quantization::{QuantScheme, QuantStore, QuantValue, ScaleDtype};
use burn::tensor::{Bytes, DType, Shape, Tensor};

use super::pages;
use super::tensor::dims;
use crate::args::int8::Int8Weight;
use crate::flex::gemm::int8::dispatch::Weight;

/// The number of values in a block.
const BLOCK: u8 = 255;

/// burn's description of the format.
fn scheme() -> QuantScheme {
    QuantScheme::default()
        .with_value(QuantValue::Q8S)
        .with_store(QuantStore::Native)
        .per_block([BLOCK], ScaleDtype::F32)
}

/// A tensor of i8 values with one scale per row.
pub(crate) fn from_rows<const D: usize>(
    values: Bytes,
    scales: &[f32],
    [d_out, d_in]: [usize; 2],
) -> Tensor<D> {
    let copies = copies(d_in);
    let mut all: Vec<f32> = Vec::with_capacity(d_out * (copies + 2));
    all.extend(scales.iter().flat_map(|&scale| std::iter::repeat_n(scale, copies)));
    all.extend(scales);
    all.extend((0..d_out).map(|row| sum(&values[row * d_in..][..d_in])));
    let layout = Layout::contiguous(Shape::new([d_out, d_in]));
    let values = FlexTensor::new(values, layout, DType::I8);
    let weight = FlexQTensor::new(values, scheme(), all, None);
    let weight = BackendTensor::<Flex>::Quantized(weight);
    Tensor::from_dispatch(<DispatchTensor as DispatchKindConversion<Flex>>::from_backend(weight))
}

/// The weight of a tensor created by [`from_rows`], copied.
pub(crate) fn to_rows<const D: usize>(weight: Tensor<D>) -> Int8Weight {
    let weight = quantized(weight);
    let Weight { values, scales, d_in, d_out, .. } = rows(&weight);
    Int8Weight {
        values: Bytes::from_elems(values.to_vec()),
        scales: scales.to_vec(),
        shape: [d_out, d_in],
    }
}

/// The implementation of [`crate::use_large_pages`] for an int8 weight.
pub(crate) fn gather<const D: usize>(weight: &Tensor<D>) {
    pages::gather_values(rows(&quantized(weight.clone())).values);
}

/// The number of blocks in a row, which is the number of copies of its scale.
fn copies(d_in: usize) -> usize {
    d_in.div_ceil(BLOCK.into()).max(1)
}

/// The primitive of an int8 weight.
///
/// # Panics
/// If the tensor is on a different backend or was not created by [`from_rows`].
pub(crate) fn quantized<const D: usize>(weight: Tensor<D>) -> FlexQTensor {
    assert!(weight.dtype() == DType::QFloat(scheme()), "{:?} is not row-wise int8", weight.dtype());
    let weight =
        <DispatchTensor as DispatchKindConversion<Flex>>::try_into_backend(weight.into_dispatch());
    weight.expect("a tensor of the Flex backend").quantized()
}

/// The rows of a weight.
pub(crate) fn rows(weight: &FlexQTensor) -> Weight<'_> {
    let [d_out, d_in] = dims(weight.tensor());
    let values = weight.tensor().as_slice().expect("contiguous signed bytes");
    let (scales, sums) = weight.scales()[d_out * copies(d_in)..].split_at(d_out);
    Weight { values, scales, sums, d_in, d_out }
}

/// The sum of the values of a row, which an f32 represents exactly, since rows have at most 2¹⁶ values.
fn sum(row: &[u8]) -> f32 {
    row.iter().map(|&byte| i32::from(byte as i8)).sum::<i32>() as f32
}
