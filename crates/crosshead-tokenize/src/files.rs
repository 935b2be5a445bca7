use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::tokenizer_config::{TokenName, TokenizerConfig};
use crate::{SpecialIds, TokenizeError, Tokenizer};

const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

impl Tokenizer {
    /// Loads a `tokenizer.json` alone; the special tokens must have their usual names (`</s>`, `<pad>`, `<unk>`, `<s>`).
    ///
    /// Padding and truncation set in the file are not applied: [`pad_batch`](crate::pad_batch) and
    /// [`truncate`](crate::truncate) are separate steps here.
    ///
    /// # Errors
    /// If the file can't be read, is not a tokenizer, or has no `</s>` or `<pad>`.
    pub fn from_file(path: &Path) -> Result<Self, TokenizeError> {
        load(path, &TokenizerConfig::default())
    }

    /// Loads `tokenizer.json` from a model directory, with the special tokens that `tokenizer_config.json` names; for
    /// roles that it leaves open, as [`from_file`](Self::from_file).
    ///
    /// # Errors
    /// If a file can't be read or is not of its format, or the vocabulary has no end-of-sequence or padding token.
    pub fn from_dir(dir: &Path) -> Result<Self, TokenizeError> {
        let config_path = dir.join(TOKENIZER_CONFIG);
        let config = if config_path.exists() {
            read_json(&config_path)?
        } else {
            TokenizerConfig::default()
        };
        load(&dir.join(TOKENIZER), &config)
    }

    /// Writes `tokenizer.json` and `tokenizer_config.json` into a directory, which is created if need be.
    ///
    /// `AutoTokenizer` of Hugging Face `transformers` then gives the same ids as
    /// [`encode_with_special`](Self::encode_with_special).
    ///
    /// # Errors
    /// If the directory or a file can't be written.
    pub fn save(&self, dir: &Path) -> Result<(), TokenizeError> {
        fs::create_dir_all(dir)
            .map_err(|source| TokenizeError::Write { path: dir.to_owned(), source })?;
        write(&dir.join(TOKENIZER), &self.to_json())?;
        write(&dir.join(TOKENIZER_CONFIG), &self.config_json())
    }

    fn config_json(&self) -> String {
        let special = self.special();
        let name = |id: Option<u32>| id.and_then(|id| self.id_to_token(id)).map(TokenName::Plain);
        let config = TokenizerConfig {
            tokenizer_class: Some("PreTrainedTokenizerFast".to_owned()),
            // Without this, `transformers` passes `token_type_ids`, which encoder-decoders refuse.
            model_input_names: ["input_ids", "attention_mask"].map(str::to_owned).into(),
            bos_token: name(special.bos),
            eos_token: name(Some(special.eos)),
            unk_token: name(special.unk),
            pad_token: name(Some(special.pad)),
            clean_up_tokenization_spaces: false,
            split_special_tokens: self.splits_special_tokens(),
        };
        serde_json::to_string_pretty(&config).expect("strings and booleans have a JSON form")
    }
}

fn load(path: &Path, config: &TokenizerConfig) -> Result<Tokenizer, TokenizeError> {
    let mut inner: tokenizers::Tokenizer = read_json(path)?;
    inner.with_padding(None).with_truncation(None).expect("no truncation is always valid");
    inner.set_encode_special_tokens(config.split_special_tokens);

    let required = |role, token: &str, key| {
        inner.token_to_id(token).ok_or_else(|| TokenizeError::MissingSpecialToken {
            path: path.to_owned(),
            role,
            token: token.to_owned(),
            key,
        })
    };
    let special = SpecialIds {
        pad: required("padding", config.pad(), "pad_token")?,
        eos: required("end-of-sequence", config.eos(), "eos_token")?,
        unk: inner.token_to_id(config.unk()),
        bos: inner.token_to_id(config.bos()),
    };
    Ok(Tokenizer::new(inner, special))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TokenizeError> {
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::IsADirectory => TokenizeError::IsDirectory { path: path.to_owned() },
        _ => TokenizeError::Read { path: path.to_owned(), source },
    })?;
    // In two passes, because on foreign keys the tokenizer's own deserializer reports a syntax error.
    serde_json::from_slice::<IgnoredAny>(&bytes)
        .map_err(|source| TokenizeError::InvalidJson { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes)
        .map_err(|source| TokenizeError::ForeignJson { path: path.to_owned(), source })
}

fn write(path: &Path, contents: &str) -> Result<(), TokenizeError> {
    fs::write(path, contents)
        .map_err(|source| TokenizeError::Write { path: path.to_owned(), source })
}
