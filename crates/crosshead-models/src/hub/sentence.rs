//! Directories of sentence-transformers: which modules stand behind an encoder.

use std::path::Path;

use burn::tensor::Device;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::files::read_text;
use crate::{Encoder, ModelError, Pooling, SentenceConfig, SentenceEncoder};

/// An entry of `modules.json`.
#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    class: String,
}

impl Module {
    /// The class without its Python modules, which differ between versions.
    fn name(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or_default()
    }
}

/// `config.json` of a pooling module.
#[derive(Deserialize)]
#[serde(default)]
struct PoolingJson {
    pooling_mode_cls_token: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

impl Default for PoolingJson {
    fn default() -> Self {
        Self {
            pooling_mode_cls_token: false,
            pooling_mode_max_tokens: false,
            pooling_mode_mean_tokens: true,
            pooling_mode_mean_sqrt_len_tokens: false,
            pooling_mode_weightedmean_tokens: false,
            pooling_mode_lasttoken: false,
        }
    }
}

/// `sentence_bert_config.json`.
#[derive(Default, Deserialize)]
struct LimitsJson {
    max_seq_length: Option<usize>,
}

impl SentenceEncoder {
    /// Loads a directory of sentence-transformers: the encoder, what `modules.json` says about pooling and normalization,
    /// and the longest text of `sentence_bert_config.json`. Without `modules.json`, the directory of an encoder, whose
    /// vectors are averaged.
    ///
    /// # Errors
    /// If a file is missing or malformed, or a module is one that this crate does not have; the error names the file.
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        let modules_path = dir.join("modules.json");
        let modules: Vec<Module> = read_optional(&modules_path)?.unwrap_or_default();
        let wrong = |reason| ModelError::Config { path: modules_path.clone(), key: "type", reason };
        let (mut encoder_dir, mut pooling, mut normalize) = (dir.to_owned(), None, false);
        for module in &modules {
            match module.name() {
                "Transformer" => encoder_dir = dir.join(&module.path),
                "Pooling" => {
                    pooling = Some(read_pooling(&dir.join(&module.path).join("config.json"))?)
                }
                "Normalize" => normalize = true,
                other => {
                    let reason =
                        format!("{other}: only Transformer, Pooling and Normalize are supported");
                    return Err(wrong(reason));
                }
            }
        }
        let limits: LimitsJson =
            read_optional(&encoder_dir.join("sentence_bert_config.json"))?.unwrap_or_default();
        let encoder = Encoder::from_pretrained(&encoder_dir, device)?;
        let longest = encoder.config().stack.max_len;
        let config = SentenceConfig {
            pooling: pooling.unwrap_or_else(|| vec![Pooling::Mean]),
            normalize,
            max_len: limits.max_seq_length.unwrap_or(longest).min(longest),
        };
        Ok(Self::new(encoder, config))
    }
}

/// The poolings of a module, in the order in which sentence-transformers puts their results.
fn read_pooling(path: &Path) -> Result<Vec<Pooling>, ModelError> {
    let json: PoolingJson = read(path)?;
    let wrong = |key| ModelError::Config {
        path: path.to_owned(),
        key,
        reason: "true: only cls, max and mean are supported".to_owned(),
    };
    for (key, is_on) in [
        ("pooling_mode_mean_sqrt_len_tokens", json.pooling_mode_mean_sqrt_len_tokens),
        ("pooling_mode_weightedmean_tokens", json.pooling_mode_weightedmean_tokens),
        ("pooling_mode_lasttoken", json.pooling_mode_lasttoken),
    ] {
        if is_on {
            return Err(wrong(key));
        }
    }
    let modes = [
        (Pooling::First, json.pooling_mode_cls_token),
        (Pooling::Max, json.pooling_mode_max_tokens),
        (Pooling::Mean, json.pooling_mode_mean_tokens),
    ];
    let pooling: Vec<Pooling> =
        modes.into_iter().filter_map(|(pooling, is_on)| is_on.then_some(pooling)).collect();
    if pooling.is_empty() {
        return Err(ModelError::Config {
            path: path.to_owned(),
            key: "pooling_mode_mean_tokens",
            reason: "false, as all others: one pooling is needed".to_owned(),
        });
    }
    Ok(pooling)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ModelError> {
    let text = read_text(path).map_err(ModelError::io(path))?;
    serde_json::from_str(&text).map_err(|source| ModelError::Json { path: path.to_owned(), source })
}

fn read_optional<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ModelError> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}
