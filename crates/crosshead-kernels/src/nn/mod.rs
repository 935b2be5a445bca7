//! Modules: operations with their parameters.

pub(crate) mod linear;
pub(crate) mod linears;
pub(crate) mod lora;
pub(crate) mod norm;
