//! Argument types of the operations.
//!
//! Both the dispatch (`ops`) and the fused implementations (`flex`) use these types; this module depends on neither.

pub(crate) mod activation;
pub(crate) mod adam;
pub(crate) mod attention;
pub(crate) mod dropout;
pub(crate) mod int8;
pub(crate) mod linear;
pub(crate) mod norm;
pub(crate) mod orthogonalize;
