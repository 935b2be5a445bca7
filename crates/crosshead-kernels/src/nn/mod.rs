//! Modules: operations with their parameters.

pub(crate) mod linear;
pub(crate) mod norm;
