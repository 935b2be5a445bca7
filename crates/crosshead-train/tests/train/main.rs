//! The optimizer, the training loop and its checkpoints on a tiny model.

mod adam;
mod checkpoints;
mod choices;
mod guard;
mod line;
mod log;
mod optimizers;
mod recorder;
mod runs;
mod schedules;
mod values;
