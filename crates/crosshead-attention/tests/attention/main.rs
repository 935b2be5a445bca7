//! The claims that attention, its masks and its cache must meet.

mod bricks;
mod cache;
mod gradients;
mod invariances;
mod masks;
mod refusals;
mod torch;
mod weights;
