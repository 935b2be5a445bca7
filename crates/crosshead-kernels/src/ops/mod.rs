//! The operations: each checks its arguments, then takes the fused body where there is one, or else the plain body,
//! which is ordinary tensor code for every backend.

pub(crate) mod adam;
pub(crate) mod add_norm;
pub(crate) mod attention;
pub(crate) mod checkpoint;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod gated;
pub(crate) mod linear;
pub(crate) mod loss;
pub(crate) mod norm;
pub(crate) mod rows;
