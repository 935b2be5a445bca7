//! The Hub as environment variables describe it.

use std::env;
use std::path::PathBuf;

use crosshead_models::read_text;

use super::{Hub, HubError};

const ENDPOINT: &str = "https://huggingface.co";

impl Hub {
    /// As the environment says, with the same variables as Hugging Face's own programs: `HF_ENDPOINT`; `HF_HUB_CACHE`, or
    /// `hub` in `HF_HOME` (by default `~/.cache/huggingface`); `HF_TOKEN`, or the file `token` in `HF_HOME`;
    /// `HF_HUB_OFFLINE`.
    ///
    /// # Errors
    /// If no variable tells the cache and there is no home directory.
    pub fn from_env() -> Result<Self, HubError> {
        let home = match variable("HF_HOME") {
            Some(home) => Some(PathBuf::from(home)),
            None => env::home_dir().map(|home| home.join(".cache").join("huggingface")),
        };
        let cache = match variable("HF_HUB_CACHE") {
            Some(cache) => PathBuf::from(cache),
            None => home.as_ref().ok_or(HubError::NoHome)?.join("hub"),
        };
        let from_file = || read_text(&home?.join("token")).ok();
        let token = variable("HF_TOKEN").or_else(from_file);
        Ok(Self {
            endpoint: variable("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()),
            cache,
            token: token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()),
            offline: variable("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value)),
        })
    }
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())
}
