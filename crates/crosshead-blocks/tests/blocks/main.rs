//! Properties of layers and stacks.

mod attention;
mod checkpointing;
mod config;
mod decoder;
mod encoder;
mod layer;
mod panics;
mod random;
mod torch;
mod weights;
