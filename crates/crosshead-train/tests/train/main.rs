//! The optimizer, the training loop and its checkpoints on a tiny model.

mod adam;
mod checkpoints;
mod log;
mod runs;
