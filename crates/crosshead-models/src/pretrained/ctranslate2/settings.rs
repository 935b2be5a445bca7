//! `config.json`: the special tokens and the epsilon of the norms.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::CONFIG;
use super::variables::Variables;
use crate::ModelError;
use crate::pretrained::json::{from_object, read_object};

/// The first binary version with special tokens in `config.json`; earlier versions store them in `model.bin`.
const WITH_CONFIG: u32 = 6;

/// The settings in `config.json`, or in the `model.bin` of older versions.
pub(super) struct Settings {
    /// The begin-of-sequence token.
    pub(super) bos_token: Option<String>,
    /// The end-of-sequence token.
    pub(super) eos_token: String,
    /// The first input of the decoder; `None` if it is the code of the target language.
    pub(super) decoder_start_token: Option<String>,
    /// The epsilon of the norms, if it is not the default.
    pub(super) layer_norm_epsilon: Option<f32>,
}

#[derive(Deserialize)]
struct Keys {
    unk_token: Option<String>,
    bos_token: Option<String>,
    eos_token: Option<String>,
    decoder_start_token: Option<String>,
    add_source_bos: Option<bool>,
    add_source_eos: Option<bool>,
    layer_norm_epsilon: Option<f32>,
    quantization_type: Option<i64>,
}

impl Settings {
    /// Reads the settings of a directory.
    ///
    /// # Errors
    /// If `config.json` is missing or malformed, or the quantization method is not supported.
    pub(super) fn read(dir: &Path, variables: &Variables<'_>) -> Result<Self, ModelError> {
        let path = dir.join(CONFIG);
        let object = read_object(&path)?;
        if variables.model().version() < WITH_CONFIG {
            return Self::old(path, object.unwrap_or_default(), variables);
        }
        let absent = || ModelError::io(&path)(std::io::ErrorKind::NotFound.into());
        let keys = Self::keys(&path, &object.ok_or_else(absent)?)?;
        Ok(Self {
            bos_token: keys.bos_token,
            eos_token: keys.eos_token.unwrap_or_else(|| "</s>".to_owned()),
            decoder_start_token: keys.decoder_start_token,
            layer_norm_epsilon: keys.layer_norm_epsilon,
        })
    }

    /// The settings in a file before [`WITH_CONFIG`].
    fn old(
        path: PathBuf,
        object: Map<String, Value>,
        variables: &Variables<'_>,
    ) -> Result<Self, ModelError> {
        let keys = Self::keys(&path, &object)?;
        let model = variables.model();
        let flag = |name, default| variables.flag("", name, default);
        // The tokenizer reads only `config.json`, so values other than the defaults must also be there.
        let agree = |key, own: String, named: String| match own == named {
            true => Ok(own),
            false => {
                let reason = format!("is {named}, but must be {own}, as in model.bin");
                Err(ModelError::Config { path: path.clone(), key, reason })
            }
        };
        let token = |key, named: &Option<String>, default: &str| -> Result<String, ModelError> {
            let default = || default.to_owned();
            let own = model.text(key)?.unwrap_or_else(default);
            agree(key, own, named.clone().unwrap_or_else(default))
        };
        token("unk_token", &keys.unk_token, "<unk>")?;
        let bos = token("bos_token", &keys.bos_token, "<s>")?;
        let eos = token("eos_token", &keys.eos_token, "</s>")?;
        for (key, own, named) in [
            ("add_source_bos", flag("with_source_bos", false)?, keys.add_source_bos),
            ("add_source_eos", flag("with_source_eos", false)?, keys.add_source_eos),
        ] {
            agree(key, own.to_string(), named.unwrap_or(false).to_string())?;
        }
        let start =
            match (flag("user_decoder_start_tokens", false)?, flag("with_target_bos", true)?) {
                (true, _) => None,
                (false, true) => Some(bos.clone()),
                (false, false) => Some(eos.clone()),
            };
        Ok(Self {
            bos_token: Some(bos),
            eos_token: eos,
            decoder_start_token: start,
            layer_norm_epsilon: keys.layer_norm_epsilon,
        })
    }

    fn keys(path: &Path, object: &Map<String, Value>) -> Result<Keys, ModelError> {
        let keys: Keys = from_object(path, object)?;
        match keys.quantization_type {
            None | Some(0) => Ok(keys),
            Some(other) => Err(ModelError::Config {
                path: path.to_owned(),
                key: "quantization_type",
                reason: format!(
                    "{other} (AWQ) is not supported; int8, int16 and floating point are"
                ),
            }),
        }
    }
}
