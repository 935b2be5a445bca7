//! Tests of attention, masks and the key/value cache.

mod cache;
mod errors;
mod gradients;
mod invariances;
mod masks;
mod shapes;
mod torch;
mod weights;
