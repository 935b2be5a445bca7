//! `config.json` of a pooling module: the current format with mode names, and the older one with a key for each mode.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{read, wrong};
use crate::{ModelError, Pooling};

/// The configuration of a pooling module.
pub(super) struct PoolingModule {
    /// The modes, in the order in which their results are concatenated.
    pub(super) modes: Vec<Pooling>,
    /// Whether the tokens of the prompt are included.
    pub(super) include_prompt: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    pooling_mode: Option<Names>,
    #[serde(default = "yes")]
    include_prompt: bool,
    pooling_mode_cls_token: Option<bool>,
    pooling_mode_max_tokens: Option<bool>,
    pooling_mode_mean_tokens: Option<bool>,
    pooling_mode_mean_sqrt_len_tokens: Option<bool>,
    pooling_mode_weightedmean_tokens: Option<bool>,
    pooling_mode_lasttoken: Option<bool>,
    // Ignored, because the number of features is that of the encoder.
    #[serde(rename = "embedding_dimension")]
    _embedding_dimension: Option<IgnoredAny>,
    #[serde(rename = "word_embedding_dimension")]
    _word_embedding_dimension: Option<IgnoredAny>,
}

fn yes() -> bool {
    true
}

/// One mode or several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "the name of a pooling mode, or a list of names")]
enum Names {
    One(String),
    Several(Vec<String>),
}

/// The modes by name.
const MODES: [(&str, Pooling); 6] = [
    ("cls", Pooling::First),
    ("max", Pooling::Max),
    ("mean", Pooling::Mean),
    ("mean_sqrt_len_tokens", Pooling::MeanSqrtLen),
    ("weightedmean", Pooling::WeightedMean),
    ("lasttoken", Pooling::Last),
];

/// `config.json` of a pooling of `d_model` features, with the older keys, which every version of sentence-transformers reads.
pub(super) fn to_json(modes: &[Pooling], include_prompt: bool, d_model: usize) -> Value {
    let mut keys = json!({ "word_embedding_dimension": d_model });
    for (key, (_, mode)) in OLDER_KEYS.iter().zip(MODES) {
        keys[*key] = json!(modes.contains(&mode));
    }
    keys["include_prompt"] = json!(include_prompt);
    keys
}

/// The older keys of [`MODES`].
const OLDER_KEYS: [&str; 6] = [
    "pooling_mode_cls_token",
    "pooling_mode_max_tokens",
    "pooling_mode_mean_tokens",
    "pooling_mode_mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens",
    "pooling_mode_lasttoken",
];

impl Keys {
    /// The modes of the older keys, in the order of their results. The default is the mean.
    fn older_modes(&self) -> Vec<Pooling> {
        let keys = [
            self.pooling_mode_cls_token,
            self.pooling_mode_max_tokens,
            self.pooling_mode_mean_tokens,
            self.pooling_mode_mean_sqrt_len_tokens,
            self.pooling_mode_weightedmean_tokens,
            self.pooling_mode_lasttoken,
        ];
        let modes = keys.into_iter().zip(MODES).filter(|(key, _)| *key == Some(true));
        let modes: Vec<Pooling> = modes.map(|(_, (_, mode))| mode).collect();
        if modes.is_empty() { vec![Pooling::Mean] } else { modes }
    }
}

/// Reads the pooling module of a directory.
pub(super) fn open(dir: &Path) -> Result<PoolingModule, ModelError> {
    let path = dir.join("config.json");
    let keys: Keys = read(&path)?;
    let names = match &keys.pooling_mode {
        None => {
            let (modes, include_prompt) = (keys.older_modes(), keys.include_prompt);
            return Ok(PoolingModule { modes, include_prompt });
        }
        Some(Names::One(name)) => std::slice::from_ref(name),
        Some(Names::Several(names)) => names,
    };
    let known = || MODES.map(|(name, _)| name).join(", ");
    if names.is_empty() {
        let reason = format!("an empty list; expected at least one of {}", known());
        return Err(wrong(&path, "pooling_mode", reason));
    }
    let mode = |name: &String| {
        let found = MODES.iter().find(|(known, _)| known == name);
        found.map(|(_, mode)| *mode).ok_or_else(|| {
            wrong(
                &path,
                "pooling_mode",
                format!("{name} is not supported; the supported modes are {}", known()),
            )
        })
    };
    let modes = names.iter().map(mode).collect::<Result<_, _>>()?;
    Ok(PoolingModule { modes, include_prompt: keys.include_prompt })
}
