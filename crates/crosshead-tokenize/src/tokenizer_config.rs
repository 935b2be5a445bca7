use serde::{Deserialize, Serialize};

use crate::train::{EOS_TOKEN, PAD_TOKEN, UNK_TOKEN};

const BOS_TOKEN: &str = "<s>";

/// The keys of Hugging Face's `tokenizer_config.json` that decide about ids; others are ignored.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TokenizerConfig {
    pub(crate) tokenizer_class: Option<String>,
    pub(crate) model_input_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bos_token: Option<TokenName>,
    pub(crate) eos_token: Option<TokenName>,
    pub(crate) unk_token: Option<TokenName>,
    pub(crate) pad_token: Option<TokenName>,
    pub(crate) clean_up_tokenization_spaces: bool,
    pub(crate) split_special_tokens: bool,
}

impl TokenizerConfig {
    pub(crate) fn bos(&self) -> &str {
        name_or(&self.bos_token, BOS_TOKEN)
    }

    pub(crate) fn eos(&self) -> &str {
        name_or(&self.eos_token, EOS_TOKEN)
    }

    pub(crate) fn unk(&self) -> &str {
        name_or(&self.unk_token, UNK_TOKEN)
    }

    pub(crate) fn pad(&self) -> &str {
        name_or(&self.pad_token, PAD_TOKEN)
    }
}

fn name_or<'a>(name: &'a Option<TokenName>, usual: &'a str) -> &'a str {
    match name {
        Some(TokenName::Plain(content) | TokenName::AddedToken { content }) => content,
        None => usual,
    }
}

/// A token as `transformers` writes it: its text alone, or an `AddedToken` object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum TokenName {
    Plain(String),
    AddedToken { content: String },
}
