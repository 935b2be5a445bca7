//! Views of the operands. The heads of a tensor are strided slices of its rows, which are read without a copy.

use std::ops::Range;

use burn::backend::flex::FlexTensor;

use crate::flex::gemm::matrix::{Matrix, compete_for_cache};

/// A tensor `[batch, len, heads, features]`, with heads that can be read as matrices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads<'a> {
    values: &'a [f32],
    strides: [usize; 3],
    features: usize,
}

impl<'a> Heads<'a> {
    /// Makes a tensor readable by [`Self::new`]. It is copied only if features are not adjacent or positions overlap.
    pub(super) fn readable(tensor: FlexTensor) -> FlexTensor {
        let (shape, strides) = (tensor.layout().shape(), tensor.layout().strides());
        let apart = shape[1] <= 1 || strides[1] >= shape[3] as isize;
        if apart && has_contiguous_rows(&tensor) { tensor } else { tensor.to_contiguous() }
    }

    /// The view of a tensor from [`Self::readable`].
    pub(super) fn new(tensor: &'a FlexTensor) -> Self {
        let [batch, len, heads, features] = tensor.layout().shape().dims();
        let (values, strides) = values_and_strides(tensor, [batch, len, heads]);
        Self { values, strides, features }
    }

    /// The features of a range of positions in one head, `[positions, features]`.
    pub(super) fn matrix(&self, batch: usize, head: usize, positions: &Range<usize>) -> Matrix<'a> {
        let [batch_stride, row_stride, head_stride] = self.strides;
        let first = batch * batch_stride + head * head_stride + positions.start * row_stride;
        Matrix::new(&self.values[first..], positions.len(), self.features, row_stride)
    }

    /// Like [`Self::matrix`], for a multiplication that reads columns. The matrix is copied into `buffer` if the row
    /// stride maps a column to few cache sets, which would halve the speed of the multiplication.
    pub(super) fn columns<'b>(
        &self,
        batch: usize,
        head: usize,
        positions: &Range<usize>,
        buffer: &'b mut [f32],
    ) -> Matrix<'b>
    where
        'a: 'b,
    {
        if !compete_for_cache(positions.len(), self.strides[1]) {
            return self.matrix(batch, head, positions);
        }
        let buffer = &mut buffer[..positions.len() * self.features];
        for (position, row) in positions.clone().zip(buffer.chunks_exact_mut(self.features)) {
            row.copy_from_slice(self.row(batch, head, position));
        }
        Matrix::new(buffer, positions.len(), self.features, self.features)
    }

    /// The features of one position in one head.
    #[inline(always)]
    pub(super) fn row(&self, batch: usize, head: usize, position: usize) -> &'a [f32] {
        let [batch_stride, row_stride, head_stride] = self.strides;
        let first = batch * batch_stride + head * head_stride + position * row_stride;
        &self.values[first..first + self.features]
    }
}

/// The bias of the scores: `[batch or 1, n_heads or 1, q_len or 1, k_len]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bias<'a> {
    values: &'a [f32],
    strides: [usize; 3],
    k_len: usize,
}

impl<'a> Bias<'a> {
    /// Makes a tensor readable by [`Self::new`]. It is copied only if the values of a row are not adjacent.
    pub(super) fn readable(tensor: FlexTensor) -> FlexTensor {
        if has_contiguous_rows(&tensor) { tensor } else { tensor.to_contiguous() }
    }

    /// The view of a tensor from [`Self::readable`].
    pub(super) fn new(tensor: &'a FlexTensor) -> Self {
        let [batch, heads, q_len, k_len] = tensor.layout().shape().dims();
        let (values, strides) = values_and_strides(tensor, [batch, heads, q_len]);
        Self { values, strides, k_len }
    }

    /// The bias of the scores of one query.
    #[inline(always)]
    pub(super) fn row(&self, batch: usize, head: usize, query: usize) -> &'a [f32] {
        let [batch_stride, head_stride, row_stride] = self.strides;
        let first = batch * batch_stride + head * head_stride + query * row_stride;
        &self.values[first..first + self.k_len]
    }

    /// Whether all queries of a head share one row.
    pub(super) fn is_uniform(&self) -> bool {
        self.strides[2] == 0
    }
}

/// The values of a tensor starting at its first element, and the strides of its first three dimensions; 0 for
/// dimensions of size 1.
fn values_and_strides(tensor: &FlexTensor, sizes: [usize; 3]) -> (&[f32], [usize; 3]) {
    let strides = tensor.layout().strides();
    let stride = |axis: usize| if sizes[axis] <= 1 { 0 } else { strides[axis] as usize };
    let values = tensor.storage::<f32>();
    (&values[tensor.layout().start_offset().min(values.len())..], [stride(0), stride(1), stride(2)])
}

/// Whether no stride is negative and the values of a row are adjacent.
fn has_contiguous_rows(tensor: &FlexTensor) -> bool {
    let (shape, strides) = (tensor.layout().shape(), tensor.layout().strides());
    strides.iter().all(|&stride| stride >= 0) && (shape[3] <= 1 || strides[3] == 1)
}
