//! The languages of multilingual models.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{TokenizeError, Tokenizer};

/// The ids around a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Affixes {
    before: Vec<u32>,
    behind: Vec<u32>,
}

impl Affixes {
    pub(crate) fn around(&self, ids: impl Iterator<Item = u32>) -> Vec<u32> {
        self.before.iter().copied().chain(ids).chain(self.behind.iter().copied()).collect()
    }
}

/// How a model is told the languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LanguageStyle {
    /// Each text begins with the code of its language (mBART-50, NLLB, M2M-100).
    Before,
    /// Each text ends with the code of its language, behind the end-of-sequence token (the first NLLB).
    Behind,
    /// The same, and a translation is begun by the code of its language in place of a start token (mBART).
    BehindAndFirst,
    /// The source begins with the code of the target's language (Marian).
    TargetBeforeSource,
}

/// The id of each language.
pub(crate) type Codes = BTreeMap<String, u32>;

/// What a tokenizer knows about languages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Languages {
    declared: Option<Declared>,
    /// Around a text that the model reads, where the pipeline doesn't say it.
    pub(crate) source: Option<Affixes>,
    /// Around a text that the model writes, where the pipeline doesn't say it.
    pub(crate) target: Option<Affixes>,
    forced_bos: Option<u32>,
    start: Option<u32>,
    /// Marian's: a code at the start of a text (`>>fra<<`) is a token; the id is for codes that it doesn't know.
    pub(crate) unknown_leading_code: Option<u32>,
}

#[derive(Clone, Debug)]
struct Declared {
    style: LanguageStyle,
    eos: u32,
    codes: Arc<Codes>,
}

impl Languages {
    pub(crate) fn declare(&mut self, style: LanguageStyle, eos: u32, codes: Codes) {
        self.declared = Some(Declared { style, eos, codes: codes.into() });
    }

    /// Leaves open which language the model is to write.
    pub(crate) fn forget_target(&mut self) {
        (self.forced_bos, self.start) = (None, None);
    }

    /// The id of the code that a text starts with, if such codes are tokens, and the text behind it.
    pub(crate) fn split_code<'a>(&self, text: &'a str) -> (Option<u32>, &'a str) {
        let code = self.unknown_leading_code.and_then(|unknown| {
            let (code, rest) = text.strip_prefix(">>")?.split_once("<<")?;
            let known = self.declared.as_ref().and_then(|declared| declared.codes.get(code));
            Some((Some(known.copied().unwrap_or(unknown)), rest))
        });
        code.unwrap_or((None, text))
    }
}

impl Tokenizer {
    /// The codes of the languages between which the model translates, as [`with_languages`](Self::with_languages)
    /// takes them; empty in models that know nothing of languages.
    pub fn languages(&self) -> Vec<&str> {
        let declared = self.languages.declared.iter();
        declared.flat_map(|declared| declared.codes.keys().map(String::as_str)).collect()
    }

    /// The same tokenizer for texts in `source` and translations in `target`, by the codes that the model has for them:
    /// `en_XX` in mBART, `eng_Latn` in NLLB, `en` in M2M-100. A Marian model that writes several languages is told only
    /// the target's (`fra` for `>>fra<<`), and `source` is not looked at.
    ///
    /// # Errors
    /// If the model has no languages, or not these.
    pub fn with_languages(&self, source: &str, target: &str) -> Result<Self, TokenizeError> {
        let declared = self.languages.declared.as_ref().ok_or(TokenizeError::NoLanguages)?;
        let id = |code: &str| {
            declared.codes.get(code).copied().ok_or_else(|| TokenizeError::UnknownLanguage {
                language: code.to_owned(),
                known: declared.codes.keys().cloned().collect(),
            })
        };
        let eos = declared.eos;
        let affixes = |before: &[u32], behind: &[u32]| {
            Some(Affixes { before: before.to_vec(), behind: behind.to_vec() })
        };
        let mut tokenizer = self.clone();
        let languages = &mut tokenizer.languages;
        match declared.style {
            LanguageStyle::TargetBeforeSource => {
                languages.source = affixes(&[id(target)?], &[eos]);
            }
            LanguageStyle::Before => {
                languages.source = affixes(&[id(source)?], &[eos]);
                languages.target = affixes(&[id(target)?], &[eos]);
                languages.forced_bos = Some(id(target)?);
            }
            LanguageStyle::Behind | LanguageStyle::BehindAndFirst => {
                languages.source = affixes(&[], &[eos, id(source)?]);
                languages.target = affixes(&[], &[eos, id(target)?]);
                let first = match declared.style {
                    LanguageStyle::BehindAndFirst => &mut languages.start,
                    _ => &mut languages.forced_bos,
                };
                *first = Some(id(target)?);
            }
        }
        Ok(tokenizer)
    }

    /// The id that a translation must begin with, behind its start token: in some models the code of the target's language.
    pub fn forced_bos(&self) -> Option<u32> {
        self.languages.forced_bos
    }

    /// The id that is the start token of translations into the language chosen, where that depends on the language.
    pub fn decoder_start(&self) -> Option<u32> {
        self.languages.start
    }
}
