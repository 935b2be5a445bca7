use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value, json};
use tokenizers::AddedToken;

use crate::tokenizer_config::{Named, SpecialTokenNames, TokenizerConfig};
use crate::{SpecialIds, SpecialRole, TokenizeError, Tokenizer};

const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";

impl Tokenizer {
    /// Loads a `tokenizer.json` alone; special tokens are known by their usual names (`</s>`, `<pad>`, `[CLS]`, …).
    ///
    /// Padding and truncation set in the file are not applied: [`pad_batch`](crate::pad_batch) and
    /// [`truncate`](crate::truncate) are separate steps here.
    ///
    /// # Errors
    /// If the file can't be read or is not a tokenizer.
    pub fn from_file(path: &Path) -> Result<Self, TokenizeError> {
        let (inner, config) = (read_json(path)?, TokenizerConfig::default());
        Ok(assemble(inner, &config, &[]))
    }

    /// Loads `tokenizer.json` from a model directory, with the special tokens that `tokenizer_config.json` or else
    /// `special_tokens_map.json` names; one that the vocabulary doesn't have gets the next id, as in `transformers`.
    ///
    /// Roles that both files leave open are found as in [`from_file`](Self::from_file), unless the files are of a
    /// `PreTrainedTokenizerFast`: such a tokenizer has no other special tokens than those it names.
    ///
    /// # Errors
    /// If a file can't be read or is not of its format.
    pub fn from_dir(dir: &Path) -> Result<Self, TokenizeError> {
        let inner = read_json(&dir.join(TOKENIZER))?;
        let config: TokenizerConfig = read_json_if_present(&dir.join(TOKENIZER_CONFIG))?;
        let names: [SpecialTokenNames; 2] = [
            read_json_if_present(&dir.join(TOKENIZER_CONFIG))?,
            read_json_if_present(&dir.join(SPECIAL_TOKENS_MAP))?,
        ];
        Ok(assemble(inner, &config, &names))
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
        let mut config = Map::new();
        config.insert("tokenizer_class".to_owned(), json!("PreTrainedTokenizerFast"));
        // Without this, `transformers` passes `token_type_ids`, which encoder-decoders refuse.
        config.insert("model_input_names".to_owned(), json!(["input_ids", "attention_mask"]));
        for role in SpecialRole::ALL {
            if let Some(token) = self.special().get(role).and_then(|id| self.id_to_token(id)) {
                config.insert(role.key().to_owned(), Value::String(token));
            }
        }
        config.insert("clean_up_tokenization_spaces".to_owned(), json!(false));
        config.insert("split_special_tokens".to_owned(), json!(self.splits_special_tokens()));
        format!("{:#}", Value::Object(config))
    }
}

/// A tokenizer with the special tokens that the first of the files names, and as its configuration says.
fn assemble(
    mut inner: tokenizers::Tokenizer,
    config: &TokenizerConfig,
    files: &[SpecialTokenNames],
) -> Tokenizer {
    inner.with_padding(None).with_truncation(None).expect("no truncation is always valid");
    inner.set_encode_special_tokens(config.split_special_tokens);
    let named = |role| {
        let mut answers = files.iter().map(|names| names.get(role));
        answers.find(|named| **named != Named::Open).unwrap_or(&Named::Open)
    };
    for role in SpecialRole::ALL {
        let Named::Token(token) = named(role) else { continue };
        if !inner.get_added_vocabulary().get_vocab().contains_key(token) {
            // A token of the vocabulary keeps its id.
            inner.add_special_tokens(&[AddedToken::from(token.as_str(), true)]);
        }
    }
    let special = SpecialIds::collect(|role| match named(role) {
        Named::Token(token) => inner.token_to_id(token),
        Named::Nothing => None,
        Named::Open if !config.has_usual_tokens() => None,
        Named::Open => role.usual_names().iter().find_map(|token| inner.token_to_id(token)),
    });
    Tokenizer::new(inner, special)
}

fn read_json_if_present<T: DeserializeOwned + Default>(path: &Path) -> Result<T, TokenizeError> {
    if path.exists() { read_json(path) } else { Ok(T::default()) }
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
