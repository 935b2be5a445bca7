use serde::{Deserialize, Deserializer};

use crate::SpecialRole;

/// Tokenizer classes of `transformers` whose special tokens are those that the files name and no others.
const CLASSES_WITHOUT_DEFAULTS: [&str; 2] = ["PreTrainedTokenizerFast", "TokenizersBackend"];

/// The keys of Hugging Face's `tokenizer_config.json` that decide about ids; others are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenizerConfig {
    pub(crate) tokenizer_class: Option<String>,
    pub(crate) split_special_tokens: bool,
}

impl TokenizerConfig {
    /// Whether a role that the files leave open goes to a token with a usual name.
    pub(crate) fn has_usual_tokens(&self) -> bool {
        !self
            .tokenizer_class
            .as_deref()
            .is_some_and(|class| CLASSES_WITHOUT_DEFAULTS.contains(&class))
    }
}

/// The special tokens that `tokenizer_config.json` or `special_tokens_map.json` names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SpecialTokenNames {
    pad_token: Named,
    eos_token: Named,
    bos_token: Named,
    unk_token: Named,
    cls_token: Named,
    sep_token: Named,
    mask_token: Named,
}

impl SpecialTokenNames {
    pub(crate) fn get(&self, role: SpecialRole) -> &Named {
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
}

/// What a file says about the token with a role.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Named {
    /// The key is absent.
    #[default]
    Open,
    /// `null`: there is no such token.
    Nothing,
    /// The token.
    Token(String),
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            Some(TokenName::Plain(content) | TokenName::AddedToken { content }) => {
                Self::Token(content)
            }
            None => Self::Nothing,
        })
    }
}

/// A token as `transformers` writes it: its text alone, or an `AddedToken` object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TokenName {
    Plain(String),
    AddedToken { content: String },
}
