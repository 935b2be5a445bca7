//! Tests of models, decoding and model directories.

mod breakable;
mod broken_directory;
mod causal;
mod config;
mod ctranslate2;
mod directory;
mod gradients;
mod heads;
mod initialization;
mod invariances;
mod linears;
mod origin;
mod presets;
mod steps;
mod tiny;
