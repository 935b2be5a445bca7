//! What operations take besides plain tensors.
//!
//! Dispatch (`ops`) and the fused bodies (`flex`) both need these types, so they depend on neither.

pub(crate) mod activation;
pub(crate) mod adam;
pub(crate) mod attention;
pub(crate) mod dropout;
pub(crate) mod linear;
pub(crate) mod norm;
