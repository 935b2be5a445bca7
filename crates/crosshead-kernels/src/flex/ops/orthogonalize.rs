//! The Newton–Schulz iteration on Gram matrices.
//!
//! Every step multiplies X by a polynomial of its Gram matrix G = X·Xᵀ, and polynomials of one symmetric matrix commute. So the
//! iteration needs X only at its start and at its end:
//!
//! - Pₖ = a·I + b·Gₖ + c·Gₖ²
//! - Gₖ₊₁ = Pₖ·Gₖ·Pₖ
//! - the result is P₅·P₄·P₃·P₂·P₁·X
//!
//! All of these are symmetric and as small as the shorter side of X, and only half of a symmetric product is computed. Each
//! matrix is computed on one thread, so the result does not depend on the number of threads.

use burn::backend::Flex;
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::adam;
use crate::args::orthogonalize::{COEFFICIENTS, MIN_NORM, STEPS};
use crate::flex::gemm::matrix::Matrix;
use crate::flex::gemm::serial::{Output, multiply};
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::tensor::{contiguous, primitive, values};

/// The fused implementation of [`crate::orthogonalize`], for tensors without autodiff.
pub(crate) fn orthogonalize(matrices: Vec<Tensor<2>>) -> Vec<Tensor<2>> {
    matrices.into_par_iter().with_max_len(1).map(one).collect()
}

fn one(x: Tensor<2>) -> Tensor<2> {
    let [rows, cols] = x.dims();
    let norm = adam::sum_of_squares(&x).sqrt().max(MIN_NORM);
    let x = contiguous(primitive(x));
    let x = Matrix::new(values(&x), rows, cols, cols);
    let is_tall = rows > cols;
    let wide = if is_tall { x.transposed() } else { x };
    let size = rows.min(cols);
    let mut gram = Symmetric::new(size);
    gram.set_product(wide, wide.transposed(), (1.0 / (norm * norm)) as f32);
    let factor = factor(gram);
    let factor = Matrix::new(&factor.values, size, size, size);
    let (lhs, rhs) = if is_tall { (x, factor) } else { (factor, x) };
    let mut out = Buffer::unspecified(rows * cols);
    multiply(&mut out, cols, lhs, rhs, (1.0 / norm) as f32, Output::Replace);
    Tensor::from_primitive::<Flex>(out.into_tensor([rows, cols]))
}

/// P₅·P₄·P₃·P₂·P₁ of the Gram matrix G₁.
fn factor(mut gram: Symmetric) -> Symmetric {
    let size = gram.size;
    let [a, b, c] = COEFFICIENTS;
    let [mut square, mut next, mut product] = [(); 3].map(|()| Symmetric::new(size));
    let mut factor: Option<Symmetric> = None;
    for step in 1..=STEPS {
        square.set_product(gram.matrix(), gram.matrix(), 1.0);
        // P = a·I + b·G + c·G²
        let mut polynomial = Symmetric::new(size);
        polynomial.set_sum(b, &gram, c, &square);
        polynomial.add_identity(a);
        if step < STEPS {
            product.set_product(polynomial.matrix(), gram.matrix(), 1.0);
            next.set_product(product.matrix(), polynomial.matrix(), 1.0);
            std::mem::swap(&mut gram, &mut next);
        }
        factor = Some(match factor {
            None => polynomial,
            Some(before) => {
                product.set_product(polynomial.matrix(), before.matrix(), 1.0);
                std::mem::replace(&mut product, before)
            }
        });
    }
    factor.unwrap_or(gram)
}

/// A symmetric matrix, row-major.
struct Symmetric {
    size: usize,
    values: Buffer,
}

impl Symmetric {
    /// A matrix with unspecified values.
    fn new(size: usize) -> Self {
        Self { size, values: Buffer::unspecified(size * size) }
    }

    fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.values, self.size, self.size, self.size)
    }

    /// α·`lhs`·`rhs`, which must be symmetric: computes the blocks up to the diagonal and mirrors them.
    fn set_product(&mut self, lhs: Matrix, rhs: Matrix, alpha: f32) {
        const ROWS: usize = 64;
        let size = self.size;
        for (block, out) in self.values.chunks_mut((ROWS * size).max(1)).enumerate() {
            let rows = block * ROWS..(block * ROWS + ROWS).min(size);
            let rhs = rhs.col_range(0..rows.end);
            multiply(out, size, lhs.row_range(rows), rhs, alpha, Output::Replace);
        }
        mirror(&mut self.values, size);
    }

    /// α·`x` + β·`y`.
    fn set_sum(&mut self, alpha: f32, x: &Self, beta: f32, y: &Self) {
        let (x, y, values) = (&x.values[..], &y.values[..], &mut self.values[..]);
        vectorized(
            #[inline(always)]
            || {
                let pairs = x.iter().zip(y);
                values.iter_mut().zip(pairs).for_each(|(out, (x, y))| *out = alpha * x + beta * y);
            },
        );
    }

    fn add_identity(&mut self, alpha: f32) {
        self.values.iter_mut().step_by(self.size + 1).for_each(|value| *value += alpha);
    }
}

/// Copies the lower triangle to the upper one, in blocks that fit in the cache.
fn mirror(values: &mut [f32], size: usize) {
    const BLOCK: usize = 16;
    for row_block in (0..size).step_by(BLOCK) {
        let rows = row_block..(row_block + BLOCK).min(size);
        for col_block in (0..=row_block).step_by(BLOCK) {
            for row in rows.clone() {
                for col in col_block..(col_block + BLOCK).min(row) {
                    values[col * size + row] = values[row * size + col];
                }
            }
        }
    }
}
