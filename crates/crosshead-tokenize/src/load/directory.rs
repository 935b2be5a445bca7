//! The configuration of a model directory, read before its vocabulary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokenizers::AddedToken;

use super::config::{ModelConfig, Named, SpecialTokenNames, TokenizerConfig};
use crate::family::Family;
use crate::files::{
    ADDED_TOKENS, SPECIAL_TOKENS_MAP, TOKENIZER_CONFIG, read_json, read_json_if_present,
};
use crate::pipeline::NamedIds;
use crate::vocabulary::read_ids;
use crate::{SpecialRole, TokenizeError};

/// The tokenizer settings of a model directory, without the vocabulary.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    pub(super) config: TokenizerConfig,
    pub(super) family: Option<Family>,
    /// `tokenizer_config.json` and `special_tokens_map.json`. The first takes precedence.
    names: Vec<SpecialTokenNames>,
    /// Added tokens, by id.
    added: BTreeMap<u32, AddedToken>,
}

impl Directory {
    pub(super) fn read(path: &Path) -> Result<Self, TokenizeError> {
        let config: TokenizerConfig = read_json_if_present(&path.join(TOKENIZER_CONFIG))?;
        let names = vec![
            read_json_if_present(&path.join(TOKENIZER_CONFIG))?,
            read_json_if_present(&path.join(SPECIAL_TOKENS_MAP))?,
        ];
        let model: ModelConfig = read_json_if_present(&path.join("config.json"))?;
        let of_class = config.class_family();
        let of_model = || model.model_type.as_deref().and_then(Family::of_model_type);
        let mut directory = Self {
            path: path.to_owned(),
            family: of_class.or_else(of_model),
            added: BTreeMap::new(),
            config,
            names,
        };
        directory.added = directory.read_added()?;
        Ok(directory)
    }

    /// A directory without Hugging Face's files. The spellings of special tokens in a text are ordinary characters.
    pub(super) fn of_text(path: &Path) -> Self {
        let mut directory = Self { path: path.to_owned(), ..Self::default() };
        directory.config.split_special_tokens = Some(true);
        directory
    }

    /// The tokens and ids of a JSON vocabulary.
    pub(super) fn named_ids(&self, file: &str) -> Result<Arc<NamedIds>, TokenizeError> {
        Ok(Arc::new(NamedIds::new(read_ids(&self.file(file))?)))
    }

    /// `added_tokens_decoder` of `tokenizer_config.json`, or else the legacy `added_tokens.json`.
    fn read_added(&self) -> Result<BTreeMap<u32, AddedToken>, TokenizeError> {
        let decoder = &self.config.added_tokens_decoder;
        if !decoder.is_empty() {
            return Ok(decoder.iter().map(|(&id, name)| (id, name.token())).collect());
        }
        let path = self.file(ADDED_TOKENS);
        if !path.exists() {
            return Ok(BTreeMap::new());
        }
        let ids: BTreeMap<String, u32> = read_json(&path)?;
        let special: Vec<AddedToken> = self.named_tokens();
        let token = |text: &str| {
            let special = special.iter().find(|token| token.content == text);
            special.cloned().unwrap_or_else(|| AddedToken::from(text, false))
        };
        Ok(ids.iter().map(|(text, &id)| (id, token(text))).collect())
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The first of these files that exists.
    pub(super) fn first_of(&self, names: &[&str]) -> Option<PathBuf> {
        names.iter().map(|name| self.file(name)).find(|path| path.is_file())
    }

    fn named(&self, role: SpecialRole) -> &Named {
        let mut entries = self.names.iter().map(|names| names.get(role));
        entries.find(|named| **named != Named::Absent).unwrap_or(&Named::Absent)
    }

    /// The special tokens that the files name, those with a role first.
    fn named_tokens(&self) -> Vec<AddedToken> {
        let with_role = SpecialRole::ALL.into_iter().filter_map(|role| match self.named(role) {
            Named::Token(token) => Some(token.clone()),
            Named::Absent | Named::Null => None,
        });
        with_role.chain(self.names.iter().flat_map(SpecialTokenNames::extra)).collect()
    }

    /// The token of a role, from the files or the family's defaults.
    pub(super) fn special_token(&self, role: SpecialRole) -> Option<AddedToken> {
        match self.named(role) {
            Named::Token(token) => Some(token.clone()),
            Named::Null => None,
            Named::Absent if !self.config.has_default_tokens() => None,
            Named::Absent => self.family.and_then(|family| family.default_token(role)),
        }
    }

    /// The text of a token that the family requires.
    pub(super) fn required(&self, role: SpecialRole) -> Result<String, TokenizeError> {
        let token = self.special_token(role);
        token.map(|token| token.content).ok_or(TokenizeError::MissingSpecialToken { role })
    }

    /// The id of the token of a role.
    pub(super) fn special_id(
        &self,
        role: SpecialRole,
        id: impl Fn(&str) -> Option<u32>,
    ) -> Option<u32> {
        if let Some(token) = self.special_token(role) {
            return id(&token.content);
        }
        let use_defaults = self.family.is_none()
            && self.config.has_default_tokens()
            && *self.named(role) == Named::Absent;
        let mut defaults = role.default_names().iter().filter(|_| use_defaults);
        defaults.find_map(|token| id(token))
    }

    /// The added tokens in the order of their ids, then the special tokens that the files name.
    pub(super) fn added_tokens(&self) -> impl Iterator<Item = AddedToken> {
        self.added.values().cloned().chain(self.named_tokens())
    }

    /// Checks that the added tokens have the ids that the files declare.
    pub(super) fn check_added(
        &self,
        id: impl Fn(&str) -> Option<u32>,
    ) -> Result<(), TokenizeError> {
        for (&declared, token) in &self.added {
            if id(&token.content) != Some(declared) {
                return Err(TokenizeError::AddedTokenId {
                    dir: self.path.clone(),
                    token: token.content.clone(),
                    declared,
                    found: id(&token.content),
                });
            }
        }
        Ok(())
    }
}
