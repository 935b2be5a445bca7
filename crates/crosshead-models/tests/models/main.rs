//! The claims that a model, its decoding and its directory must meet.

mod breakable;
mod broken_directory;
mod directory;
mod gradients;
mod initialization;
mod invariances;
mod steps;
mod tiny;
