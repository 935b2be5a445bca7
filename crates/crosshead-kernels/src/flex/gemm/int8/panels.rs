//! X·Wᵀ for many rows, in tiles.
//!
//! Each lane of a vector holds a word of one row of X; words of the weight are broadcast. They are read in place where
//! possible; otherwise, the words in a part of the weight are expanded once for all rows.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use super::kernel::{Kernel, Tile, Weight};
use super::rows::Rows;
use super::vector::Vector;
use crate::flex::gemm::prefetch::prefetch;
use crate::flex::runtime::parallel;
use crate::flex::runtime::words::Words;

/// Output features per task, for weights with few and with many output features.
const PARTS: [usize; 2] = [64, 128];

/// The number of output features from which on a weight counts as having many.
const MANY: usize = 512;

/// The maximum number of panels in a tile.
const PANELS: usize = 3;

/// The number of words between the rows of the expanded weight, so that rows do not map to the same cache sets.
const GAP: usize = 16;

/// Rows of a weight this many bytes apart map to the same cache sets.
const PERIOD: usize = 4096;

/// Rows of a weight as words.
#[derive(Clone, Copy)]
struct WeightWords<'a> {
    bytes: &'a [i8],
    /// The number of bytes between rows.
    stride: usize,
    /// The number of words in a row.
    words: usize,
}

/// The routine for many rows: X as `[panels, words, lanes]`, with zeros for missing rows.
pub(super) struct Panels<V> {
    words: Words,
    rows: usize,
    words_per_row: usize,
    vectors: PhantomData<fn() -> V>,
}

impl<V: Vector> Panels<V> {
    /// Transposes `rows` into panels.
    ///
    /// # Safety
    /// The processor must support the vectors.
    pub(super) unsafe fn new(rows: &Rows) -> Self {
        let words_per_row = rows.stride() / V::GROUP;
        let panel_len = V::LANES * words_per_row;
        let mut words = Words::unspecified(rows.len().div_ceil(V::LANES) * panel_len);
        let padding = Words::zeros(rows.stride() / size_of::<i32>());
        let padding = padding.as_bytes();
        let panels = words.par_chunks_mut(panel_len).enumerate();
        parallel::for_each(panels, rows.len() * words_per_row, |(panel, words)| {
            let first = panel * V::LANES;
            let row = |row| if row < rows.len() { rows.values(row) } else { padding };
            // SAFETY: guaranteed by the caller.
            unsafe {
                V::vectorize(
                    #[inline(always)]
                    || Self::fill(words, |lane| &row(first + lane)[..rows.stride()]),
                );
            }
        });
        Self { words, rows: rows.len(), words_per_row, vectors: PhantomData }
    }

    /// Fills a panel with the words of its rows.
    #[inline(always)]
    fn fill<'r>(panel: &mut [i32], row: impl Fn(usize) -> &'r [u8]) {
        let words_per_row = panel.len() / V::LANES;
        for quad in (0..V::LANES).step_by(4) {
            let rows: [&[u8]; 4] = std::array::from_fn(|i| row(quad + i));
            for (word, panel) in (0..words_per_row)
                .step_by(V::LANES)
                .zip(panel.chunks_exact_mut(V::LANES * V::LANES))
            {
                let rows = rows.map(|row| row[word * V::GROUP..][..V::LANES * V::GROUP].as_ptr());
                // SAFETY: the caller of `new` guarantees the vectors. The slices above are as long as a vector, and the
                // words are written to a square of the panel.
                unsafe {
                    let vectors = rows.map(|row| V::expand(row));
                    V::store_transposed(vectors, panel.as_mut_ptr().add(quad), V::LANES);
                }
            }
        }
    }

    /// Expands rows of the weight into words, `[padded, words_per_row + GAP]`.
    #[inline(always)]
    fn expand(&self, weight: &Weight, columns: Range<usize>, padded: usize) -> Words {
        let step = V::LANES * V::GROUP;
        let stride = self.words_per_row + GAP;
        let mut words = Words::unspecified(padded * stride);
        for (row, words) in words.chunks_exact_mut(stride).enumerate() {
            if row >= columns.len() {
                words.fill(0);
                continue;
            }
            let values = weight.rows(columns.start + row);
            for (k, words) in (0..weight.d_in).step_by(step).zip(words.chunks_exact_mut(V::LANES)) {
                let mut end = [0; 64];
                let values = match values.get(k..k + step) {
                    Some(values) => values,
                    None => {
                        end[..weight.d_in - k].copy_from_slice(&values[k..weight.d_in]);
                        &end
                    }
                };
                // SAFETY: the caller of `new` guarantees the vectors; both slices are as long as a vector.
                unsafe { V::store(V::expand_weight(values.as_ptr()), words.as_mut_ptr()) };
            }
        }
        words
    }

    /// Computes the sums of `P` panels from `first` on with `C` rows of the weight, into columns of `sums`.
    #[inline(always)]
    fn tile<const P: usize, const C: usize>(
        &self,
        first: usize,
        weight: WeightWords,
        sums: &mut [i32],
        sums_stride: usize,
    ) {
        let WeightWords { bytes: weight, stride, words } = weight;
        let panel_len = V::LANES * self.words_per_row;
        let panels = &self.words[first * panel_len..];
        assert!(panels.len() >= (P - 1) * panel_len + words * V::LANES, "too few panels");
        let row_len = words * size_of::<i32>();
        assert!(weight.len() >= (C - 1) * stride + row_len, "the weight has too few rows");
        assert!(sums.len() >= (P * V::LANES - 1) * sums_stride + C, "the sums are too short");
        let (x, weight) = (panels.as_ptr(), weight.as_ptr());
        // SAFETY: the caller of `new` guarantees the vectors, and the slices are long enough, as asserted above.
        unsafe {
            let mut tile = [[V::zero(); C]; P];
            for word in 0..words {
                let x: [V::Words; P] =
                    std::array::from_fn(|p| V::load(x.add(p * panel_len + word * V::LANES)));
                let weight = weight.add(word * size_of::<i32>());
                // Over all words, these are the rows of the next tile.
                prefetch(weight.wrapping_add(C * stride + (C - 1) * word * size_of::<i32>()));
                for col in 0..C {
                    let weight = V::broadcast(weight.add(col * stride).cast());
                    for (sums, x) in tile.iter_mut().zip(x) {
                        sums[col] = V::multiply_add(sums[col], x, weight);
                    }
                }
            }
            for (p, columns) in tile.into_iter().enumerate() {
                for (quad, columns) in columns.as_chunks::<4>().0.iter().enumerate() {
                    let to = sums.as_mut_ptr().add(p * V::LANES * sums_stride + 4 * quad);
                    V::store_transposed(*columns, to, sums_stride);
                }
            }
        }
    }

    /// Computes the sums of the next panels from `first` on with `cols` rows of the weight. Returns the number of panels.
    #[inline(always)]
    fn tiles(&self, first: usize, weight: WeightWords, sums: &mut [i32], cols: usize) -> usize {
        let left = self.rows.div_ceil(V::LANES) - first;
        // Four panels are two tiles of two, because a tile of one is less efficient.
        let panels = if left == 4 { 2 } else { left.min(PANELS) };
        // With one panel, the registers hold twice as many columns.
        let width = V::LANES / if panels == 1 { 1 } else { 2 };
        for col in (0..cols).step_by(width) {
            let bytes = &weight.bytes[col * weight.stride..];
            let (weight, sums) = (WeightWords { bytes, ..weight }, &mut sums[col..]);
            match (panels, V::LANES) {
                (1, 16) => self.tile::<1, 16>(first, weight, sums, cols),
                (2, 16) => self.tile::<2, 8>(first, weight, sums, cols),
                (_, 16) => self.tile::<PANELS, 8>(first, weight, sums, cols),
                (1, _) => self.tile::<1, 8>(first, weight, sums, cols),
                (2, _) => self.tile::<2, 4>(first, weight, sums, cols),
                (_, _) => self.tile::<PANELS, 4>(first, weight, sums, cols),
            }
        }
        panels
    }
}

impl<V: Vector> Kernel for Panels<V> {
    fn part_len(&self, weight: &Weight) -> usize {
        PARTS[usize::from(weight.d_out >= MANY)]
    }

    fn multiply(&self, weight: &Weight, columns: Range<usize>, take: &mut dyn FnMut(Tile)) {
        let cols = columns.len().next_multiple_of(V::LANES);
        let bytes_are_words = V::GROUP == size_of::<i32>();
        let in_place = bytes_are_words
            && cols == columns.len()
            && weight.d_in.is_multiple_of(V::GROUP)
            && !weight.d_in.is_multiple_of(PERIOD);
        let expanded = (!in_place).then(|| {
            // SAFETY: the caller of `new` guarantees the vectors.
            unsafe {
                V::vectorize(
                    #[inline(always)]
                    || self.expand(weight, columns.clone(), cols),
                )
            }
        });
        let (bytes, stride) = match &expanded {
            Some(words) => (words.as_signed_bytes(), words.len() / cols * size_of::<i32>()),
            None => (weight.rows(columns.start), weight.d_in),
        };
        let weight = WeightWords { bytes, stride, words: weight.d_in.div_ceil(V::GROUP) };
        let panels = self.rows.div_ceil(V::LANES).min(PANELS);
        let mut sums = Words::unspecified(panels * V::LANES * cols);
        let mut first = 0;
        while first * V::LANES < self.rows {
            // SAFETY: the caller of `new` guarantees the vectors.
            let panels = unsafe {
                V::vectorize(
                    #[inline(always)]
                    || self.tiles(first, weight, &mut sums, cols),
                )
            };
            let first_row = first * V::LANES;
            let rows = (panels * V::LANES).min(self.rows - first_row);
            take(Tile { first_row, rows, sums: &sums, stride: cols });
            first += panels;
        }
    }
}
