//! Functions over slices, in a form that compiles to vector instructions.

pub(crate) mod columns;
pub(crate) mod exp;
pub(crate) mod philox;
pub(crate) mod reduce;
