//! Selects the routine by the number of rows and the instruction set.
#![allow(unsafe_code)]

use rayon::prelude::*;

#[cfg(target_arch = "x86_64")]
use super::dots::Dots;
use super::isa::Isa;
pub(crate) use super::kernel::Weight;
use super::kernel::{Kernel, Tile};
#[cfg(target_arch = "x86_64")]
use super::panels::Panels;
use super::plain::Plain;
use super::rows::{Row, Rows};
#[cfg(target_arch = "x86_64")]
use super::{
    vector::Vector,
    x86::{Avx2, Vnni256, Vnni512},
};
use crate::args::int8::Int8Weight;
use crate::flex::runtime::parallel;
use crate::flex::runtime::segments::Segments;
use crate::flex::runtime::simd::vectorized;

/// The maximum number of rows for which dot products are faster than panels.
#[cfg(target_arch = "x86_64")]
const FEW_ROWS: usize = 10;

/// `outputs[i]` = X·`weights[i]`ᵀ for the same rows X. `finish(i, row, first_column, part_of_row)` is called once for each
/// part of the outputs while it is in cache.
///
/// # Panics
/// If sizes do not match, or rows are longer than [`Int8Weight::MAX_D_IN`].
pub(crate) fn project<const N: usize>(
    x: &Rows,
    weights: [Weight; N],
    outputs: [&mut [f32]; N],
    finish: impl Fn(usize, usize, usize, &mut [f32]) + Send + Sync,
) {
    project_by(Isa::fastest(), x, weights, outputs, finish);
}

/// Like [`project`], with the instruction set `isa`, which must be available.
pub(super) fn project_by<const N: usize>(
    isa: Isa,
    x: &Rows,
    weights: [Weight; N],
    outputs: [&mut [f32]; N],
    finish: impl Fn(usize, usize, usize, &mut [f32]) + Send + Sync,
) {
    for (weight, output) in weights.iter().zip(&outputs) {
        assert!(weight.d_in <= Int8Weight::MAX_D_IN, "rows of {} values may overflow", weight.d_in);
        assert_eq!(weight.values.len(), weight.d_in * weight.d_out, "size of a weight");
        assert_eq!([weight.scales.len(), weight.sums.len()], [weight.d_out; 2], "scales and sums");
        assert_eq!(output.len(), x.len() * weight.d_out, "size of a product");
    }
    if x.len() == 0 {
        return;
    }
    match isa {
        // SAFETY: `isa` is available.
        #[cfg(target_arch = "x86_64")]
        Isa::Vnni512 => unsafe { by_vectors::<Vnni512, N>(x, weights, outputs, finish) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Vnni256 => unsafe { by_vectors::<Vnni256, N>(x, weights, outputs, finish) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { by_vectors::<Avx2, N>(x, weights, outputs, finish) },
        Isa::Plain => run(&Plain(x), x, weights, outputs, finish),
    }
}

/// # Safety
/// The processor must support the vectors.
#[cfg(target_arch = "x86_64")]
unsafe fn by_vectors<V: Vector, const N: usize>(
    x: &Rows,
    weights: [Weight; N],
    outputs: [&mut [f32]; N],
    finish: impl Fn(usize, usize, usize, &mut [f32]) + Send + Sync,
) {
    if x.len() <= FEW_ROWS {
        // SAFETY: guaranteed by the caller.
        run(&unsafe { Dots::<V>::new(x) }, x, weights, outputs, finish);
    } else {
        // SAFETY: guaranteed by the caller.
        run(&unsafe { Panels::<V>::new(x) }, x, weights, outputs, finish);
    }
}

/// Runs all parts of all weights.
fn run<const N: usize>(
    kernel: &impl Kernel,
    x: &Rows,
    weights: [Weight; N],
    outputs: [&mut [f32]; N],
    finish: impl Fn(usize, usize, usize, &mut [f32]) + Send + Sync,
) {
    /// The cost of an f32 multiply-add, which the thresholds in `parallel` refer to, relative to int8.
    const CHEAPER: usize = 4;
    let outputs = outputs.map(Segments::new);
    let part_lens = weights.map(|weight| kernel.part_len(&weight));
    let work = weights.map(|weight| parallel::matmul_work(x.len(), weight.d_in, weight.d_out));
    let parts: Vec<(usize, usize)> = (0..N)
        .flat_map(|index| {
            (0..weights[index].d_out).step_by(part_lens[index]).map(move |first| (index, first))
        })
        .collect();
    parallel::for_each(
        parts.into_par_iter(),
        work.iter().sum::<usize>() / CHEAPER,
        |(index, first)| {
            let weight = &weights[index];
            let columns = first..weight.d_out.min(first + part_lens[index]);
            let scales = &weight.scales[columns.clone()];
            let sums = weight.sums[columns.clone()].iter().map(|&sum| sum as i32);
            let sums: Vec<i32> = sums.collect();
            kernel.multiply(weight, columns, &mut |tile| {
                vectorized(
                    #[inline(always)]
                    || {
                        for row in 0..tile.rows {
                            let start = (tile.first_row + row) * weight.d_out + first;
                            // SAFETY: rows do not overlap, and each part of each output is computed once.
                            let y = unsafe { outputs[index].segment(start, scales.len()) };
                            dequantize(&tile, row, x.row(tile.first_row + row), &sums, scales, y);
                            finish(index, tile.first_row + row, first, y);
                        }
                    },
                );
            });
        },
    );
}

/// Dequantizes one row of a tile: Σ (value − zero) · weight = Σ value · weight − zero · Σ weight.
#[inline(always)]
fn dequantize(tile: &Tile, row: usize, of_row: Row, sums: &[i32], scales: &[f32], y: &mut [f32]) {
    let products = &tile.sums[row * tile.stride..][..scales.len()];
    let features = scales.iter().zip(sums);
    for ((y, product), (scale, sum)) in y.iter_mut().zip(products).zip(features) {
        let excess = i32::from(of_row.zero).wrapping_mul(*sum);
        *y = product.wrapping_sub(excess) as f32 * of_row.scale * scale;
    }
}
