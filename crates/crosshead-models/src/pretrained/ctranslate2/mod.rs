//! CTranslate2 directories: `model.bin`, `config.json` and vocabularies, as written by its converters and shipped by Argos
//! Translate.
//!
//! The variables of `model.bin` define the model, and `config.json` the special tokens. An unsupported variable that
//! changes the output causes an error that names it.

mod fill;
mod places;
mod seq2seq;
mod settings;
mod stack;
mod variables;
mod vocabulary;

use std::path::{Path, PathBuf};

use crosshead_weights::Ct2Model;

use self::fill::Weights;
use self::places::Places;
use self::settings::Settings;
use self::variables::Variables;
use self::vocabulary::Vocabulary;
use super::WeightsReport;
use super::json::read_object;
use crate::{ModelConfig, ModelError};

/// The name of the format, used in place of a model family.
pub(super) const FAMILY: &str = "ctranslate2";

/// The file that contains the variables.
const MODEL: &str = "model.bin";

/// The file that names the special tokens.
const CONFIG: &str = "config.json";

/// The specifications of encoder-decoders. The older names denote the same layout.
const SEQ2SEQ: [&str; 3] = ["TransformerSpec", "TransformerBase", "TransformerBig"];

/// The specification of causal language models.
const DECODER: &str = "TransformerDecoderSpec";

/// Whether this is a CTranslate2 directory: it has a `model.bin`, and `config.json` has no `model_type`.
pub(super) fn is_directory(dir: &Path) -> bool {
    let names_family = || {
        let config = read_object(&dir.join(CONFIG));
        config.is_ok_and(|keys| keys.is_some_and(|keys| keys.contains_key("model_type")))
    };
    dir.join(MODEL).is_file() && !names_family()
}

/// An open CTranslate2 directory. No tensor has been read yet.
pub(super) struct Directory {
    path: PathBuf,
    model: Ct2Model,
    /// The configuration of the model.
    pub(super) config: ModelConfig,
    places: Places,
}

impl Directory {
    /// Opens a directory.
    ///
    /// # Errors
    /// If a file is missing or malformed, or the model is not supported.
    pub(super) fn open(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join(MODEL);
        let model = Ct2Model::open(&path)?;
        let variables = Variables::new(&path, &model);
        variables.check_known()?;
        let settings = Settings::read(dir, &variables)?;
        let (config, places) = if SEQ2SEQ.contains(&model.spec()) {
            let (config, places) = seq2seq::encoder_decoder(dir, &variables, &settings)?;
            (ModelConfig::EncoderDecoder(config), places)
        } else if model.spec() == DECODER {
            let (config, places) = seq2seq::causal_lm(dir, &variables, &settings)?;
            (ModelConfig::CausalLm(config), places)
        } else {
            let spec = model.spec();
            let reason = format!("is {spec}; {} and {DECODER} are supported", SEQ2SEQ[0]);
            return Err(ModelError::Key { path, key: "the specification".to_owned(), reason });
        };
        Ok(Self { path, model, config, places })
    }

    /// The weights.
    pub(super) fn weights(&self) -> Weights<'_> {
        Weights::new(Variables::new(&self.path, &self.model), &self.places)
    }

    /// Compares the variables with the parameters of the model.
    pub(super) fn report(&self, shapes: &[(String, Vec<usize>)]) -> WeightsReport {
        self.weights().report(shapes)
    }

    /// The id of the token that a file specifies under `key`.
    ///
    /// # Errors
    /// If the token is not in the vocabulary.
    pub(super) fn require_id(dir: &Path, key: &str, token: &str) -> Result<u32, ModelError> {
        Vocabulary::shared(dir)?.require_id(key, token)
    }

    /// The error if the directory contains a different kind of model.
    pub(super) fn not_a(&self, kind: &str) -> ModelError {
        let reason = format!("is {}, not {kind}", self.model.spec());
        ModelError::Key { path: self.path.clone(), key: "the specification".to_owned(), reason }
    }
}
