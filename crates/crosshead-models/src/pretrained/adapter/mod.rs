//! Adapters: LoRA in the layout of PEFT, `adapter_config.json` and `adapter_model.safetensors`.
//!
//! A module of the model in `transformers`, such as `model.decoder.layers.0.self_attn.q_proj`, has the tensors
//! `base_model.model.MODULE.lora_A.weight` and `base_model.model.MODULE.lora_B.weight`. A module may contain several of our
//! linear layers, such as `c_attn` of GPT-2. Modules that are trained in full have their usual names after the prefix.

mod attach;
mod config;
mod merge;
mod open;
mod patterns;
mod save;
mod targets;

pub use attach::{InvalidTarget, adapt, trains_with_adapter};
pub(super) use config::CONFIG;
pub use config::set_adapter_base;
pub use merge::merge_directory;
pub(super) use open::Adapter;
pub(super) use save::save;
pub use targets::LoraTargets;

/// The prefix of the names of tensors.
const PREFIX: &str = "base_model.model.";

/// The ends of the names of A and B.
const ENDS: [&str; 2] = [".lora_A.weight", ".lora_B.weight"];

/// The end of the name of a weight.
const WEIGHT: &str = ".weight";
