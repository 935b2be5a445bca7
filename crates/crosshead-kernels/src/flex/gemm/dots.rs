//! X·Wᵀ for 2 to 8 rows, as dot products of every row of X with every row of W.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::prefetch::prefetch;

/// Rows of the weight per block.
const BLOCK: usize = 8;

/// Rows of `x` per tile.
const TILE: usize = 4;

/// The maximum number of sums that are accumulated at the same time.
const SUMS: usize = 8;

/// `out`\[i\]\[j\] = `x` row i · `weight` row j; each weight row is read from memory only once.
///
/// The result of a row does not depend on the number of rows.
///
/// # Panics
/// If `x` has fewer rows than `out`, or a row of `out` is longer than `weight` has rows.
pub(crate) fn row_dots(x: &[f32], weight: &[f32], d_in: usize, out: &mut [&mut [f32]]) {
    let op = RowDots { x, weight, d_in, out };
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(simd) => simd.vectorize(
            #[inline(always)]
            || {
                op.run(
                    simd,
                    #[inline(always)]
                    |sums| fold_v4(simd, sums),
                )
            },
        ),
        arch => arch.dispatch(op),
    }
}

struct RowDots<'a, 'out> {
    x: &'a [f32],
    weight: &'a [f32],
    d_in: usize,
    out: &'a mut [&'out mut [f32]],
}

impl WithSimd for RowDots<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.run(
            simd,
            #[inline(always)]
            |sums| sums.map(|sum| simd.reduce_sum_f32s(sum)),
        );
    }
}

impl RowDots<'_, '_> {
    /// `fold` sums the lanes of each vector.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S, fold: impl Fn([S::f32s; SUMS]) -> [f32; SUMS] + Copy) {
        let Self { x, weight, d_in, out } = self;
        let rows = out.len();
        let d_out = out.first().map_or(0, |row| row.len());
        for j in (0..d_out).step_by(BLOCK) {
            let next = weight.get((j + BLOCK) * d_in..).unwrap_or_default();
            let next = &next[..next.len().min(BLOCK * d_in)];
            let per_tile = next.len().div_ceil(rows.div_ceil(TILE));
            for i in (0..rows).step_by(TILE) {
                let ahead = next.get(i / TILE * per_tile..).unwrap_or_default();
                let ahead = &ahead[..ahead.len().min(per_tile)];
                let tiles = Tiles { x: &x[i * d_in..], weight: &weight[j * d_in..], d_in, ahead };
                let (out, cols) = (&mut out[i..], (d_out - j).min(BLOCK));
                // Eight sums at a time, in sixteen registers, to minimize the number of loads.
                match (rows - i, cols) {
                    (1, BLOCK) => tiles.run::<S, 1, 8>(simd, fold, out, j..j + cols),
                    (2, BLOCK) => tiles.run::<S, 2, 4>(simd, fold, out, j..j + cols),
                    (3, BLOCK) => tiles.run::<S, 3, 2>(simd, fold, out, j..j + cols),
                    (_, BLOCK) => tiles.run::<S, TILE, 2>(simd, fold, out, j..j + cols),
                    (rows, _) => {
                        for row in 0..rows.min(TILE) {
                            let tiles = Tiles { x: &tiles.x[row * d_in..], ..tiles };
                            tiles.run::<S, 1, 1>(simd, fold, &mut out[row..], j..j + cols);
                        }
                    }
                }
            }
        }
    }
}

/// The rows of both operands, from the start of a block on.
#[derive(Clone, Copy)]
struct Tiles<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    d_in: usize,
    /// The weights to prefetch.
    ahead: &'a [f32],
}

impl Tiles<'_> {
    /// Writes the dot products of `R` rows with all rows of the weight, `C` at a time, to columns `cols`.
    #[inline(always)]
    fn run<S: Simd, const R: usize, const C: usize>(
        self,
        simd: S,
        fold: impl Fn([S::f32s; SUMS]) -> [f32; SUMS] + Copy,
        out: &mut [&mut [f32]],
        cols: Range<usize>,
    ) {
        let Self { x, weight, d_in, ahead } = self;
        let x = std::array::from_fn(|i| &x[i * d_in..][..d_in]);
        let per_call = ahead.len().div_ceil(BLOCK / C);
        for (tile, col) in cols.step_by(C).enumerate() {
            let weight = &weight[tile * C * d_in..];
            let ahead = ahead.get(tile * per_call..).unwrap_or_default();
            let ahead = &ahead[..ahead.len().min(per_call)];
            let weight = std::array::from_fn(|j| &weight[j * d_in..][..d_in]);
            let dots = dots::<S, R, C>(simd, fold, x, weight, ahead);
            for (out, dots) in out.iter_mut().zip(dots) {
                out[col..][..C].copy_from_slice(&dots);
            }
        }
    }
}

/// The dot products of every row of `x` with every row of `weight`; each sum has two parts, so that additions do not
/// wait for each other.
#[inline(always)]
fn dots<S: Simd, const R: usize, const C: usize>(
    simd: S,
    fold: impl Fn([S::f32s; SUMS]) -> [f32; SUMS],
    x: [&[f32]; R],
    weight: [&[f32]; C],
    ahead: &[f32],
) -> [[f32; C]; R] {
    let (x, weight) = (x.map(split::<S>), weight.map(split::<S>));
    let len = x[0].0.len();
    let (x_pairs, weight_pairs) = (x.map(|x| &x.0[..len]), weight.map(|weight| &weight.0[..len]));
    let mut sums = [[[simd.splat_f32s(0.0); 2]; C]; R];
    let per_step = ahead.len().div_ceil(len.max(1)).next_multiple_of(16);
    for k in 0..len {
        let mut at = k * per_step;
        while at < ((k + 1) * per_step).min(ahead.len()) {
            prefetch(&raw const ahead[at]);
            at += 16;
        }
        for i in 0..R {
            for j in 0..C {
                for half in 0..2 {
                    let sum = &mut sums[i][j][half];
                    *sum = simd.mul_add_e_f32s(x_pairs[i][k][half], weight_pairs[j][k][half], *sum);
                }
            }
        }
    }
    let mut vectors = [simd.splat_f32s(0.0); SUMS];
    for (vector, [even, odd]) in vectors.iter_mut().zip(sums.into_iter().flatten()) {
        *vector = simd.add_f32s(even, odd);
    }
    let folded = fold(vectors);
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let rest = x[i].1.iter().zip(weight[j].1).map(|(x, weight)| x * weight);
            rest.fold(folded[i * C + j], |sum, term| sum + term)
        })
    })
}

/// The sum of the lanes of each vector. Pairs of vectors are added lane by lane until one vector holds all sums.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fold_v4(simd: pulp::x86::V4, vectors: [pulp::f32x16; SUMS]) -> [f32; SUMS] {
    use pulp::cast;
    use std::arch::x86_64::{__m512, __m512d};

    let avx = simd.avx512f;
    let add = |a: __m512, b: __m512| avx._mm512_add_ps(a, b);
    let singles = |a, b| add(avx._mm512_unpacklo_ps(a, b), avx._mm512_unpackhi_ps(a, b));
    let doubles = |a: __m512, b: __m512| {
        let (a, b): (__m512d, __m512d) = (cast(a), cast(b));
        add(cast(avx._mm512_unpacklo_pd(a, b)), cast(avx._mm512_unpackhi_pd(a, b)))
    };
    let quarters = |a, b| {
        let even = avx._mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
        add(even, avx._mm512_shuffle_f32x4::<0b11_01_11_01>(a, b))
    };
    let v: [__m512; SUMS] = vectors.map(cast);
    // Each quarter of a vector holds partial sums of four vectors: either the first four or the last four.
    let first = doubles(singles(v[0], v[1]), singles(v[2], v[3]));
    let last = doubles(singles(v[4], v[5]), singles(v[6], v[7]));
    let both = quarters(first, last);
    let all: [f32; 16] = cast(quarters(both, both));
    std::array::from_fn(|i| all[i])
}

/// Splits a row into pairs of vectors and the remainder.
#[inline(always)]
fn split<S: Simd>(row: &[f32]) -> (&[[S::f32s; 2]], &[f32]) {
    let pairs = S::as_simd_f32s(row).0.as_chunks::<2>().0;
    (pairs, &row[pairs.len() * 2 * S::F32_LANES..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots(x: &[f32], weight: &[f32], d_in: usize, d_out: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; x.len() / d_in * d_out];
        let mut rows: Vec<_> = out.chunks_mut(d_out).collect();
        row_dots(x, weight, d_in, &mut rows);
        out
    }

    #[test]
    fn every_tile_size_matches_the_definition() {
        for (rows, d_in, d_out) in
            [(1, 1, 1), (1, 40, 9), (2, 3, 4), (3, 17, 5), (7, 33, 11), (8, 64, 8)]
        {
            let x: Vec<f32> = (0..rows * d_in).map(|i| (i as f32).sin()).collect();
            let weight: Vec<f32> = (0..d_out * d_in).map(|i| (i as f32).cos()).collect();
            let out = dots(&x, &weight, d_in, d_out);
            for i in 0..rows {
                for j in 0..d_out {
                    let pairs = x[i * d_in..][..d_in].iter().zip(&weight[j * d_in..][..d_in]);
                    let expected: f64 = pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    assert!((f64::from(out[i * d_out + j]) - expected).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn the_scalar_path_gives_the_same_within_rounding() {
        let (rows, d_in, d_out) = (7, 33, 11);
        let x: Vec<f32> = (0..rows * d_in).map(|i| (i as f32).sin()).collect();
        let weight: Vec<f32> = (0..d_out * d_in).map(|i| (i as f32).cos()).collect();
        let mut scalar = vec![f32::NAN; rows * d_out];
        let mut out: Vec<_> = scalar.chunks_mut(d_out).collect();
        let op = RowDots { x: &x, weight: &weight, d_in, out: &mut out };
        pulp::Scalar::new().vectorize(op);
        for (scalar, vector) in scalar.iter().zip(dots(&x, &weight, d_in, d_out)) {
            assert!((scalar - vector).abs() < 1e-5, "{scalar} {vector}");
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_other_rows() {
        let (d_in, d_out) = (50, 10);
        let x: Vec<f32> = (0..7 * d_in).map(|i| (i as f32).sin()).collect();
        let weight: Vec<f32> = (0..d_out * d_in).map(|i| (i as f32).cos()).collect();
        let together = dots(&x, &weight, d_in, d_out);
        for (row, expected) in x.chunks(d_in).zip(together.chunks(d_out)) {
            assert_eq!(dots(row, &weight, d_in, d_out), expected);
        }
    }
}
