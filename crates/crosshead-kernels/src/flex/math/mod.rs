//! Functions over slices, written so that they compile to vector instructions.

pub(crate) mod columns;
pub(crate) mod exp;
pub(crate) mod philox;
pub(crate) mod reduce;
