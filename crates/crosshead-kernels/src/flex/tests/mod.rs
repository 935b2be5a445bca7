//! The operations: the fused body equals the plain one, forward and backward, on shapes drawn at random, and gives the
//! same bits for any number of threads.
//!
//! What a file has to itself is tested at its end.

mod adam;
mod add_norm;
mod attention;
mod checkpoint;
mod dropout;
mod embedding;
mod gated;
mod linear;
mod linear_three;
mod loss;
mod norm;
mod rows;
