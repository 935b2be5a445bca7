//! `crosshead env`.

use std::env::consts;

use crosshead::kernels::Machine;
use serde_json::{Value, json};

use crate::args::Env;
use crate::output;

/// The features that the binary can be built with, and whether this one was.
const FEATURES: [(&str, bool); 4] = [
    ("flex", cfg!(feature = "flex")),
    ("hub", cfg!(feature = "hub")),
    ("ndarray", cfg!(feature = "ndarray")),
    ("wgpu", cfg!(feature = "wgpu")),
];

pub(crate) fn run(args: &Env) -> anyhow::Result<()> {
    let Machine { cpu, instruction_sets, threads } = Machine::detect();
    let features: Vec<&str> =
        FEATURES.iter().filter(|(_, enabled)| *enabled).map(|(name, _)| *name).collect();
    let facts = [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("target", json!(format!("{} {}", consts::ARCH, consts::OS))),
        ("cpu", json!(cpu)),
        ("instruction_sets", json!(instruction_sets)),
        ("threads", json!(threads)),
        ("features", json!(features)),
        ("hub_cache", hub_cache()),
    ];
    if args.json {
        let object = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        return output::line(Value::Object(object));
    }
    for (key, value) in facts {
        let text = match value {
            Value::String(text) => text,
            Value::Array(items) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
            }
            Value::Null => "none".to_owned(),
            other => other.to_string(),
        };
        output::line(format_args!("{:<17}{text}", key.replace('_', " ")))?;
    }
    Ok(())
}

/// The directory with the models from the Hugging Face Hub, or what is wrong with its configuration; null if the build cannot
/// fetch any.
fn hub_cache() -> Value {
    #[cfg(feature = "hub")]
    return match crosshead::hub::Hub::from_env() {
        Ok(hub) => json!(hub.cache),
        Err(error) => json!(format!("error: {error}")),
    };
    #[cfg(not(feature = "hub"))]
    Value::Null
}
