//! Tests of each view.

pub(crate) mod access;
pub(crate) mod attention;
pub(crate) mod generate;
pub(crate) mod texts;
pub(crate) mod training;
pub(crate) mod translate;
