//! Dot products of every row of one matrix with every row of another: products with few rows at the speed of memory.

use pulp::{Simd, WithSimd};

/// Rows of each operand in one tile: its 16 sums stay in registers while each value is read once for four products.
const TILE: usize = 4;

/// `out`\[i\]\[j\] = `x` row i · `weight` row j; each weight row is read from memory once.
///
/// A sum does not depend on how many rows there are.
///
/// # Panics
/// If `x` has not as many rows as `out`, or a row of `out` is longer than `weight` has rows.
pub(crate) fn row_dots(x: &[f32], weight: &[f32], d_in: usize, out: &mut [&mut [f32]]) {
    pulp::Arch::new().dispatch(RowDots { x, weight, d_in, out });
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
        let Self { x, weight, d_in, out } = self;
        let rows = out.len();
        let d_out = out.first().map_or(0, |row| row.len());
        for j in (0..d_out).step_by(TILE) {
            for i in (0..rows).step_by(TILE) {
                let x = &x[i * d_in..];
                let weight = &weight[j * d_in..];
                let out = &mut out[i..];
                match (rows - i, d_out - j) {
                    (1, TILE..) => tile::<S, 1, TILE>(simd, x, weight, d_in, out, j),
                    (2, TILE..) => tile::<S, 2, TILE>(simd, x, weight, d_in, out, j),
                    (3, TILE..) => tile::<S, 3, TILE>(simd, x, weight, d_in, out, j),
                    (_, TILE..) => tile::<S, TILE, TILE>(simd, x, weight, d_in, out, j),
                    (left, rest) => {
                        for row in 0..left.min(TILE) {
                            for col in 0..rest {
                                let (x, weight) = (&x[row * d_in..], &weight[col * d_in..]);
                                tile::<S, 1, 1>(simd, x, weight, d_in, &mut out[row..], j + col);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `R`×`C` dot products, into columns `first` and on.
#[inline(always)]
fn tile<S: Simd, const R: usize, const C: usize>(
    simd: S,
    x: &[f32],
    weight: &[f32],
    d_in: usize,
    out: &mut [&mut [f32]],
    first: usize,
) {
    let x: [_; R] = std::array::from_fn(|i| S::as_simd_f32s(&x[i * d_in..][..d_in]));
    let weight: [_; C] = std::array::from_fn(|j| S::as_simd_f32s(&weight[j * d_in..][..d_in]));
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    for k in 0..x[0].0.len() {
        for i in 0..R {
            for j in 0..C {
                sums[i][j] = simd.mul_add_e_f32s(x[i].0[k], weight[j].0[k], sums[i][j]);
            }
        }
    }
    for i in 0..R {
        for j in 0..C {
            let rest = x[i].1.iter().zip(weight[j].1).map(|(x, weight)| x * weight);
            out[i][first + j] = rest.fold(simd.reduce_sum_f32s(sums[i][j]), |sum, term| sum + term);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots(x: &[f32], weight: &[f32], d_in: usize, d_out: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; x.len() / d_in * d_out];
        let mut rows: Vec<&mut [f32]> = out.chunks_mut(d_out).collect();
        row_dots(x, weight, d_in, &mut rows);
        out
    }

    #[test]
    fn every_tile_size_gives_the_definition() {
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
    fn a_row_does_not_depend_on_its_neighbours() {
        let (d_in, d_out) = (50, 10);
        let x: Vec<f32> = (0..7 * d_in).map(|i| (i as f32).sin()).collect();
        let weight: Vec<f32> = (0..d_out * d_in).map(|i| (i as f32).cos()).collect();
        let together = dots(&x, &weight, d_in, d_out);
        for (row, expected) in x.chunks(d_in).zip(together.chunks(d_out)) {
            assert_eq!(dots(row, &weight, d_in, d_out), expected);
        }
    }
}
