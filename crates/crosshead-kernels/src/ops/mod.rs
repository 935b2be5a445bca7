//! The operations. Each checks its arguments and then calls the fused implementation for the Flex backend, or the plain
//! implementation: ordinary tensor code that runs on every backend.

pub(crate) mod adam;
pub(crate) mod add_norm;
pub(crate) mod attention;
pub(crate) mod checkpoint;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod gated;
pub(crate) mod int8;
pub(crate) mod linear;
pub(crate) mod loss;
pub(crate) mod norm;
pub(crate) mod orthogonalize;
pub(crate) mod r_drop;
pub(crate) mod rows;
pub(crate) mod scaled_sum;
