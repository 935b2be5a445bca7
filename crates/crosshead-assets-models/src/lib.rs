#![doc = include_str!("../README.md")]

/// The folder with the model directories. It exists where this crate was compiled, so it is meant for build scripts.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
