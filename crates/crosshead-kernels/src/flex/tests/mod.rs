//! Tests of the operations: the fused implementation equals the plain one, forward and backward, on random shapes, and
//! is bit-identical for any number of threads.
//!
//! Private items are tested at the end of the file that defines them.

mod adam;
mod add_norm;
mod attention;
mod checkpoint;
mod dropout;
mod embedding;
mod gated;
mod int8;
mod linear;
mod linear_three;
mod loss;
mod norm;
mod orthogonalize;
mod rows;
mod scaled_sum;
