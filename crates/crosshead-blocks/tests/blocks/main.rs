//! The claims that layers and stacks must meet, in both norm orders.

mod bricks;
mod checkpointing;
mod config;
mod decoder;
mod encoder;
mod layer;
mod refusals;
mod torch;
mod weights;
