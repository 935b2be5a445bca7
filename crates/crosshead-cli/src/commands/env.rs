//! `crosshead env`.

use std::env::consts;

use crosshead::kernels::Machine;
use serde_json::{Map, Value, json};

use crate::args::{Env, Messages, command};
use crate::config::Config;
use crate::{models, output};

/// The features that the binary can be built with, and whether this one was.
const FEATURES: [(&str, bool); 4] = [
    ("flex", cfg!(feature = "flex")),
    ("hub", cfg!(feature = "hub")),
    ("ndarray", cfg!(feature = "ndarray")),
    ("wgpu", cfg!(feature = "wgpu")),
];

pub(crate) fn run(args: &Env, messages: &Messages) -> anyhow::Result<()> {
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
        ("model_cache", json!(models::cache_directory().ok())),
        ("config", config(messages)?),
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
            Value::Object(settings) => settings_text(&settings),
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

/// The configuration file and its defaults; null if there is none.
fn config(messages: &Messages) -> anyhow::Result<Value> {
    let path = Config::path().filter(|path| path.is_file() && !messages.no_config);
    let Some(path) = path else { return Ok(Value::Null) };
    let mut settings = Map::from_iter([("file".to_owned(), json!(path))]);
    for setting in Config::load(&command())?.settings() {
        settings.insert(setting.key.clone(), json!(setting.value));
    }
    Ok(Value::Object(settings))
}

/// The path of the file, then one line for each default.
fn settings_text(settings: &Map<String, Value>) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = settings.iter().map(|(key, value)| match key.as_str() {
        "file" => text(value),
        key => format!("{:<17}{key} = {}", "", text(value)),
    });
    lines.collect::<Vec<_>>().join("\n")
}
