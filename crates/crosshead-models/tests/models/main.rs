//! The claims that a model, its decoding and its directory must meet.

mod breakable;
mod broken_directory;
mod causal;
mod directory;
mod gradients;
mod heads;
mod initialization;
mod invariances;
mod origin;
mod presets;
mod steps;
mod tiny;
