//! The JSON configuration files of a tokenizer.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use tokenizers::AddedToken;

use crate::SpecialRole;
use crate::family::Family;
use crate::tokenizer::chat::ChatTemplateField;

/// Tokenizer classes of `transformers` without default special tokens.
const CLASSES_WITHOUT_DEFAULTS: [&str; 2] = ["PreTrainedTokenizerFast", "TokenizersBackend"];

/// The keys of Hugging Face's `tokenizer_config.json` that affect ids and texts. Other keys are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenizerConfig {
    pub(super) tokenizer_class: Option<String>,
    pub(super) split_special_tokens: Option<bool>,
    pub(super) clean_up_tokenization_spaces: Option<bool>,
    pub(super) do_lower_case: Option<bool>,
    pub(super) strip_accents: Option<bool>,
    pub(super) tokenize_chinese_chars: Option<bool>,
    pub(super) keep_accents: Option<bool>,
    pub(super) add_prefix_space: Option<bool>,
    pub(super) add_bos_token: Option<bool>,
    pub(super) add_eos_token: Option<bool>,
    pub(super) legacy: Option<bool>,
    pub(super) legacy_behaviour: Option<bool>,
    pub(super) separate_vocabs: Option<bool>,
    pub(super) extra_ids: Option<usize>,
    pub(super) offset: Option<usize>,
    pub(super) mask_token_sent: Option<String>,
    pub(super) src_lang: Option<String>,
    pub(super) tgt_lang: Option<String>,
    pub(super) added_tokens_decoder: BTreeMap<u32, TokenName>,
    pub(super) chat_template: Option<ChatTemplateField>,
    model_max_length: Option<f64>,
    /// The former name of `model_max_length`.
    max_len: Option<f64>,
    pub(super) truncation_side: Option<Side>,
}

/// A side of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    Left,
    Right,
}

/// Values at or above this mean that there is no limit. `transformers` writes 10³⁰.
const NO_LIMIT: f64 = 1e9;

impl TokenizerConfig {
    /// The maximum number of ids in a text.
    pub(super) fn max_len(&self) -> Option<usize> {
        let limit = self.model_max_length.or(self.max_len);
        limit.filter(|limit| *limit < NO_LIMIT).map(|limit| limit as usize)
    }

    /// The family of `tokenizer_class`.
    pub(super) fn class_family(&self) -> Option<Family> {
        self.tokenizer_class.as_deref().and_then(Family::of_tokenizer_class)
    }

    /// Whether there are default tokens for roles that no file defines.
    pub(super) fn has_default_tokens(&self) -> bool {
        !self
            .tokenizer_class
            .as_deref()
            .is_some_and(|class| CLASSES_WITHOUT_DEFAULTS.contains(&class))
    }
}

/// The special tokens in `tokenizer_config.json` or `special_tokens_map.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SpecialTokenNames {
    pad_token: Named,
    eos_token: Named,
    bos_token: Named,
    unk_token: Named,
    cls_token: Named,
    sep_token: Named,
    mask_token: Named,
    additional_special_tokens: ExtraTokens,
    extra_special_tokens: ExtraTokens,
}

impl SpecialTokenNames {
    pub(super) fn get(&self, role: SpecialRole) -> &Named {
        match role {
            SpecialRole::Pad => &self.pad_token,
            SpecialRole::Eos => &self.eos_token,
            SpecialRole::Bos => &self.bos_token,
            SpecialRole::Unk => &self.unk_token,
            SpecialRole::Cls => &self.cls_token,
            SpecialRole::Sep => &self.sep_token,
            SpecialRole::Mask => &self.mask_token,
        }
    }

    /// The special tokens without a role.
    pub(super) fn extra(&self) -> impl Iterator<Item = AddedToken> {
        let lists = [&self.additional_special_tokens, &self.extra_special_tokens];
        lists.into_iter().flat_map(ExtraTokens::tokens).map(|token| token.special(true))
    }
}

/// The entry in a file for the token of a role.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Named {
    /// The key is absent.
    #[default]
    Absent,
    /// The key is `null`: there is no such token.
    Null,
    /// The token.
    Token(AddedToken),
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name: Option<TokenName> = Option::deserialize(deserializer)?;
        Ok(name.map_or(Self::Null, |name| Self::Token(name.token().special(true))))
    }
}

/// A token in the form that `transformers` writes: a string or an `AddedToken` object.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum TokenName {
    Plain(String),
    Full {
        content: String,
        #[serde(default)]
        lstrip: bool,
        #[serde(default)]
        rstrip: bool,
        #[serde(default)]
        single_word: bool,
        normalized: Option<bool>,
        #[serde(default)]
        special: bool,
    },
}

impl TokenName {
    pub(super) fn token(&self) -> AddedToken {
        match self {
            Self::Plain(content) => AddedToken::from(content.as_str(), true),
            Self::Full { content, lstrip, rstrip, single_word, normalized, special } => {
                AddedToken::from(content.as_str(), *special)
                    .lstrip(*lstrip)
                    .rstrip(*rstrip)
                    .single_word(*single_word)
                    .normalized(normalized.unwrap_or(!special))
            }
        }
    }
}

/// Special tokens without a role, as a list or by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum ExtraTokens {
    List(Vec<TokenName>),
    ByName(BTreeMap<String, TokenName>),
    Nothing(()),
}

impl Default for ExtraTokens {
    fn default() -> Self {
        Self::Nothing(())
    }
}

impl ExtraTokens {
    fn tokens(&self) -> Vec<AddedToken> {
        match self {
            Self::List(tokens) => tokens.iter().map(TokenName::token).collect(),
            Self::ByName(tokens) => tokens.values().map(TokenName::token).collect(),
            Self::Nothing(()) => Vec::new(),
        }
    }
}

/// The key in `config.json` that names the model type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ModelConfig {
    pub(super) model_type: Option<String>,
}
