//! y = activation(x·Wᵀ + b) over slices.
#![allow(unsafe_code)]

use crate::args::activation::Activation;
use crate::flex::gemm::dispatch::{Weight, project};
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::segments::Segments;

/// A linear layer followed by an activation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map<'a> {
    pub(super) weight: Weight<'a>,
    /// `[d_out]`
    pub(super) bias: Option<&'a [f32]>,
    pub(super) activation: Activation,
}

impl Map<'_> {
    /// The outputs of `rows` rows, and the pre-activations if `save` is set and the derivative needs them.
    pub(super) fn forward(&self, x: &[f32], rows: usize, save: bool) -> (Buffer, Option<Buffer>) {
        let mut y = Buffer::unspecified(rows * self.weight.d_out);
        if save && !self.activation.differentiates_by_output() {
            let mut z = Buffer::unspecified(y.len());
            self.write_both(
                x,
                rows,
                &mut z,
                &mut y,
                #[inline(always)]
                |_, z, y| {
                    y.copy_from_slice(z);
                    self.activation.apply_with_bias(y, None);
                },
            );
            (y, Some(z))
        } else {
            write_each([*self], x, rows, [&mut y]);
            (y, None)
        }
    }

    /// Computes `z` = x·Wᵀ + b and calls `finish(index of the first value, part of z, the same part of y)` for every
    /// part.
    pub(super) fn write_both(
        &self,
        x: &[f32],
        rows: usize,
        z: &mut [f32],
        y: &mut [f32],
        finish: impl Fn(usize, &[f32], &mut [f32]) + Send + Sync,
    ) {
        let Self { weight, bias, .. } = *self;
        let y = Segments::new(y);
        project(
            x,
            rows,
            [weight],
            [z],
            #[inline(always)]
            |_, row, first, z| {
                Activation::Identity.apply_with_bias(z, bias.map(|bias| &bias[first..]));
                let index = row * weight.d_out + first;
                // SAFETY: parts do not overlap, and nothing else accesses `y` at the same time.
                finish(index, z, unsafe { y.segment(index, z.len()) });
            },
        );
    }
}

/// Computes the outputs of several layers for the same rows.
pub(super) fn write_each<const N: usize>(
    maps: [Map; N],
    x: &[f32],
    rows: usize,
    outputs: [&mut [f32]; N],
) {
    project(
        x,
        rows,
        maps.map(|map| map.weight),
        outputs,
        #[inline(always)]
        |index, _, first, part| {
            let Map { bias, activation, .. } = maps[index];
            activation.apply_with_bias(part, bias.map(|bias| &bias[first..]));
        },
    );
}
