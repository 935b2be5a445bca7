//! The optimizer, the loop and its checkpoints on a model of a few numbers.

mod adam;
mod checkpoints;
mod log;
mod runs;
