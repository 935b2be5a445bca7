//! Saves a tokenizer to a model directory.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::files::{TOKENIZER, TOKENIZER_CONFIG, read, write};
use crate::{SpecialRole, TokenizeError, Tokenizer};

/// A file as it was loaded.
#[derive(Clone, Debug)]
struct File {
    name: String,
    contents: Vec<u8>,
}

/// The original files of a tokenizer, if they are written when it is saved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(Option<Arc<[File]>>);

impl Files {
    /// Reads the files that exist.
    pub(crate) fn keep(dir: &Path, names: &[&str]) -> Result<Self, TokenizeError> {
        let present = names.iter().filter(|name| dir.join(name).is_file());
        let file = |name: &&str| -> Result<File, TokenizeError> {
            Ok(File { name: (*name).to_owned(), contents: read(&dir.join(name))? })
        };
        let files: Result<Vec<File>, _> = present.map(file).collect();
        Ok(Self(Some(files?.into())))
    }
}

impl Tokenizer {
    /// Writes `tokenizer.json` and `tokenizer_config.json`, or the original files if the tokenizer was loaded from
    /// SentencePiece files. Creates the directory if necessary.
    ///
    /// `AutoTokenizer` of Hugging Face `transformers` then produces the same ids as
    /// [`encode_with_special`](Self::encode_with_special).
    ///
    /// # Errors
    /// If the directory or a file cannot be written.
    pub fn save(&self, dir: &Path) -> Result<(), TokenizeError> {
        fs::create_dir_all(dir)
            .map_err(|source| TokenizeError::Write { path: dir.to_owned(), source })?;
        if let Some(files) = &self.files.0 {
            for File { name, contents } in files.iter() {
                write(&dir.join(name), contents)?;
            }
            return Ok(());
        }
        let json = self.to_json().expect("a tokenizer without original files has a JSON form");
        write(&dir.join(TOKENIZER), json.as_bytes())?;
        write(&dir.join(TOKENIZER_CONFIG), self.config_json().as_bytes())
    }

    fn config_json(&self) -> String {
        let mut config = Map::new();
        let mut set = |key: &str, value: Value| config.insert(key.to_owned(), value);
        set("tokenizer_class", json!("PreTrainedTokenizerFast"));
        // By default `transformers` passes `token_type_ids`, which encoder-decoders reject.
        set(
            "model_input_names",
            if self.takes_types {
                json!(["input_ids", "token_type_ids", "attention_mask"])
            } else {
                json!(["input_ids", "attention_mask"])
            },
        );
        for role in SpecialRole::ALL {
            if let Some(token) = self.special.get(role).and_then(|id| self.id_to_token(id)) {
                set(role.key(), Value::String(token));
            }
        }
        set("clean_up_tokenization_spaces", json!(self.decoding.clean_up));
        set("split_special_tokens", json!(self.splits_special_tokens()));
        if let Some(max_len) = self.model_max_length {
            set("model_max_length", json!(max_len));
        }
        if self.truncates_left {
            set("truncation_side", json!("left"));
        }
        if let Some(templates) = self.chat_templates.as_deref() {
            set("chat_template", templates.to_json());
        }
        format!("{:#}", Value::Object(config))
    }
}
