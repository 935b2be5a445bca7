//! The fused implementations: one file or folder per operation of `crate::ops`.

pub(crate) mod activation;
pub(crate) mod adam;
pub(crate) mod attention;
pub(crate) mod checkpoint;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod int8;
pub(crate) mod linear;
pub(crate) mod loss;
pub(crate) mod norm;
pub(crate) mod orthogonalize;
pub(crate) mod rows;
pub(crate) mod scaled_sum;
