//! The configuration from environment variables.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::{ENDPOINT, Hub, HubError, TIMEOUT};

impl Hub {
    /// The configuration from the environment variables of `huggingface_hub`: `HF_ENDPOINT`; `HF_HUB_CACHE`, or
    /// `hub` in `HF_HOME` (by default `huggingface` in `XDG_CACHE_HOME` or `~/.cache`); `HF_TOKEN`, or the file
    /// `HF_TOKEN_PATH`, by default `token` in `HF_HOME`; `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE`; and the seconds
    /// `HF_HUB_ETAG_TIMEOUT` and `HF_HUB_DOWNLOAD_TIMEOUT`.
    ///
    /// # Errors
    /// If no variable sets the cache and there is no home directory, or a timeout is not a whole number.
    pub fn from_env() -> Result<Self, HubError> {
        let in_caches = |caches: PathBuf| caches.join("huggingface");
        let home = path("HF_HOME")
            .or_else(|| path("XDG_CACHE_HOME").map(in_caches))
            .or_else(|| env::home_dir().map(|home| in_caches(home.join(".cache"))));
        let cache = match path("HF_HUB_CACHE") {
            Some(cache) => cache,
            None => home.as_ref().ok_or(HubError::NoHome)?.join("hub"),
        };
        let from_file = || {
            let file = path("HF_TOKEN_PATH").or_else(|| Some(home?.join("token")))?;
            fs::read_to_string(file).ok()
        };
        let token = variable("HF_TOKEN").or_else(from_file);
        let offline = variable("HF_HUB_OFFLINE").or_else(|| variable("TRANSFORMERS_OFFLINE"));
        Ok(Self {
            endpoint: variable("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()),
            token: token
                .map(|token| token.trim_start_matches('\u{feff}').trim().to_owned())
                .filter(|token| !token.is_empty()),
            offline: offline.is_some_and(|value| is_true(&value)),
            etag_timeout: seconds("HF_HUB_ETAG_TIMEOUT")?,
            download_timeout: seconds("HF_HUB_DOWNLOAD_TIMEOUT")?,
            ..Self::new(cache)
        })
    }
}

/// The value of a variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A path from a variable; `~` is the home directory.
fn path(name: &str) -> Option<PathBuf> {
    let value = variable(name)?;
    match (value.strip_prefix('~').map(|rest| rest.strip_prefix('/').unwrap_or(rest)), &value) {
        (Some(rest), value) if value == "~" || value.starts_with("~/") => {
            env::home_dir().map(|home| home.join(rest))
        }
        _ => Some(PathBuf::from(value)),
    }
}

/// A timeout; 0 means the default.
fn seconds(name: &'static str) -> Result<Duration, HubError> {
    let Some(value) = variable(name) else { return Ok(TIMEOUT) };
    match value.trim().parse() {
        Ok(0) => Ok(TIMEOUT),
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => Err(HubError::Variable { name, value }),
    }
}

fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())
}
