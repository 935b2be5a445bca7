//! The default decoding options of CTranslate2 directories without `generation_config.json`.

use std::path::Path;

use crosshead_generate::EarlyStopping;
use serde::Deserialize;

use super::GenerationDefaults;
use crate::pretrained::ctranslate2::Directory;
use crate::pretrained::json::read_json;
use crate::{ModelConfig, ModelError};

/// The metadata file of an Argos package, in the parent directory of `model/`.
const METADATA: &str = "metadata.json";

#[derive(Default, Deserialize)]
struct Metadata {
    target_prefix: Option<String>,
}

/// The defaults of CTranslate2's `translate_batch` and `generate_batch`, or of Argos Translate in an Argos package.
///
/// # Errors
/// If the directory is malformed.
pub(super) fn defaults(dir: &Path) -> Result<GenerationDefaults, ModelError> {
    if let ModelConfig::CausalLm(_) = Directory::open(dir)?.config {
        let max_new_tokens = Some(512);
        return Ok(GenerationDefaults {
            do_sample: Some(false),
            max_new_tokens,
            ..GenerationDefaults::default()
        });
    }
    let translation = GenerationDefaults {
        num_beams: 2,
        early_stopping: EarlyStopping::Full,
        max_new_tokens: Some(256),
        min_new_tokens: Some(1),
        // CTranslate2 excludes a suppressed end token from the softmax.
        renormalize_logits: true,
        ..GenerationDefaults::default()
    };
    let Some(metadata) =
        dir.parent().map(|parent| parent.join(METADATA)).filter(|path| path.is_file())
    else {
        return Ok(translation);
    };
    let prefix = read_json::<Metadata>(&metadata)?.target_prefix.filter(|token| !token.is_empty());
    let forced = |token: String| Directory::require_id(dir, "target_prefix", &token);
    Ok(GenerationDefaults {
        num_beams: 4,
        length_penalty: 0.2,
        forced_bos_token_id: prefix.map(forced).transpose()?,
        ..translation
    })
}
