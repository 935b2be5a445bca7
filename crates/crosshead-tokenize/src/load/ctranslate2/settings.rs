//! `config.json` of CTranslate2 and `metadata.json` of Argos packages.

use std::path::Path;

use serde::Deserialize;

use crate::TokenizeError;
use crate::files::{read_json, read_json_if_present};

pub(super) const CONFIG: &str = "config.json";
pub(super) const METADATA: &str = "metadata.json";

/// The special tokens, and whether they are added to a source.
pub(super) struct Settings {
    pub(super) unk_token: String,
    pub(super) bos_token: String,
    pub(super) eos_token: String,
    pub(super) add_source_bos: bool,
    pub(super) add_source_eos: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Keys {
    unk_token: Option<String>,
    bos_token: Option<String>,
    eos_token: Option<String>,
    add_source_bos: Option<bool>,
    add_source_eos: Option<bool>,
}

impl Settings {
    /// Reads `config.json`. Directories before CTranslate2 3.0 have none and use the defaults.
    pub(super) fn read(dir: &Path) -> Result<Self, TokenizeError> {
        let keys: Keys = read_json_if_present(&dir.join(CONFIG))?;
        let token =
            |token: Option<String>, default: &str| token.unwrap_or_else(|| default.to_owned());
        Ok(Self {
            unk_token: token(keys.unk_token, "<unk>"),
            bos_token: token(keys.bos_token, "<s>"),
            eos_token: token(keys.eos_token, "</s>"),
            add_source_bos: keys.add_source_bos.unwrap_or(false),
            add_source_eos: keys.add_source_eos.unwrap_or(false),
        })
    }

    /// The key that adds a token to the source, if any.
    pub(super) fn adds_to_source(&self) -> Option<&'static str> {
        match (self.add_source_bos, self.add_source_eos) {
            (true, _) => Some("add_source_bos"),
            (false, true) => Some("add_source_eos"),
            (false, false) => None,
        }
    }
}

/// The metadata of an Argos package.
#[derive(Default, Deserialize)]
pub(super) struct Metadata {
    /// The first token of every target.
    pub(super) target_prefix: Option<String>,
}

impl Metadata {
    pub(super) fn read(package: &Path) -> Result<Self, TokenizeError> {
        read_json(&package.join(METADATA))
    }
}
