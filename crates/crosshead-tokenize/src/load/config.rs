//! What the JSON files beside a vocabulary say.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use tokenizers::AddedToken;

use crate::SpecialRole;
use crate::tokenizer::chat::ChatTemplateField;

/// Tokenizer classes of `transformers` whose special tokens are those that the file names and no others.
const CLASSES_WITHOUT_DEFAULTS: [&str; 2] = ["PreTrainedTokenizerFast", "TokenizersBackend"];

/// The keys of Hugging Face's `tokenizer_config.json` that decide about ids and texts; others are ignored.
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
}

impl TokenizerConfig {
    /// Whether a role that the files leave open goes to a token with a usual name.
    pub(super) fn has_usual_tokens(&self) -> bool {
        !self
            .tokenizer_class
            .as_deref()
            .is_some_and(|class| CLASSES_WITHOUT_DEFAULTS.contains(&class))
    }
}

/// The special tokens that `tokenizer_config.json` or `special_tokens_map.json` names.
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

/// What a file says about the token with a role.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Named {
    /// The key is absent.
    #[default]
    Open,
    /// `null`: there is no such token.
    Nothing,
    /// The token.
    Token(AddedToken),
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name: Option<TokenName> = Option::deserialize(deserializer)?;
        Ok(name.map_or(Self::Nothing, |name| Self::Token(name.token().special(true))))
    }
}

/// A token as `transformers` writes it: its text alone, or an `AddedToken` object.
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

/// Special tokens without a role, in a list or by names that models give them.
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

/// The key of `config.json` that tells the family of a model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ModelConfig {
    pub(super) model_type: Option<String>,
}
