//! The languages of multilingual models.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Affixes, TokenizeError, Tokenizer};

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

/// Where a model that writes is told the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodePlace {
    /// In the text that it reads.
    Source,
    /// As the start token.
    Start,
    /// As the token after the start token.
    ForcedBos,
}

impl LanguageStyle {
    fn place(self) -> CodePlace {
        match self {
            Self::Before | Self::Behind => CodePlace::ForcedBos,
            Self::BehindAndFirst => CodePlace::Start,
            Self::TargetBeforeSource => CodePlace::Source,
        }
    }
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
    /// The code of the language to read.
    source_code: Option<u32>,
    /// The code of the language to write, where it is chosen.
    target_code: Option<u32>,
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

    /// The code of the language to write, in the models that are told it in that way.
    fn target_code_in(&self, place: CodePlace) -> Option<u32> {
        let style = self.declared.as_ref()?.style;
        self.target_code.filter(|_| style.place() == place)
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

    /// The code of the language with this id, as [`languages`](Self::languages) has it.
    pub fn language(&self, id: u32) -> Option<&str> {
        let declared = self.languages.declared.as_ref()?;
        declared.codes.iter().find(|&(_, &known)| known == id).map(|(code, _)| code.as_str())
    }

    /// The code of the language that the model is told to write; none where that is open.
    pub fn target_language(&self) -> Option<&str> {
        self.languages.target_code.and_then(|id| self.language(id))
    }

    /// Whether the model is told the language that it reads. A Marian model is told only the one that it writes.
    pub fn takes_source_language(&self) -> bool {
        let declared = self.languages.declared.as_ref();
        declared.is_some_and(|declared| declared.style != LanguageStyle::TargetBeforeSource)
    }

    /// The same tokenizer for texts in `source` and translations in `target`, by the codes that the model has for them:
    /// `en_XX` in mBART, `eng_Latn` in NLLB, `en` in M2M-100. What is `None` stays as it was; a loaded tokenizer has
    /// `src_lang` and `tgt_lang` of `tokenizer_config.json`, and without the first English, as in transformers. A Marian
    /// model that writes several languages is told only the target's (`fra` for `>>fra<<`), and `source` is not looked at.
    ///
    /// # Errors
    /// If the model has no languages, or not these, or is told only a source that it does not take.
    pub fn with_languages(
        &self,
        source: Option<&str>,
        target: Option<&str>,
    ) -> Result<Self, TokenizeError> {
        let Declared { style, eos, codes } =
            self.languages.declared.as_ref().ok_or(TokenizeError::NoLanguages)?;
        let known = || codes.keys().cloned().collect();
        let id = |code: &str| {
            codes.get(code).copied().ok_or_else(|| TokenizeError::UnknownLanguage {
                language: code.to_owned(),
                known: known(),
            })
        };
        let (before, behind) = match style {
            LanguageStyle::TargetBeforeSource | LanguageStyle::Before => (true, false),
            LanguageStyle::Behind | LanguageStyle::BehindAndFirst => (false, true),
        };
        let affixes = |code: u32| Affixes {
            before: before.then_some(code).into_iter().collect(),
            after: [*eos].into_iter().chain(behind.then_some(code)).collect(),
        };
        let mut tokenizer = self.clone();
        let languages = &mut tokenizer.languages;
        if let Some(target) = target {
            languages.target_code = Some(id(target)?);
        }
        if *style == LanguageStyle::TargetBeforeSource {
            if source.is_some() && target.is_none() {
                return Err(TokenizeError::NoSourceLanguage { known: known() });
            }
            languages.source = languages.target_code.map(affixes);
            return Ok(tokenizer);
        }
        if let Some(source) = source {
            languages.source_code = Some(id(source)?);
        }
        languages.source = languages.source_code.map(affixes);
        languages.target = languages.target_code.or(languages.source_code).map(affixes);
        Ok(tokenizer)
    }

    /// The id that a translation must begin with, after its start token: in some models the code of the target's language.
    pub fn forced_bos(&self) -> Option<u32> {
        self.languages.target_code_in(CodePlace::ForcedBos)
    }

    /// The id that is the start token of translations into the language chosen, where that depends on the language.
    pub fn decoder_start(&self) -> Option<u32> {
        self.languages.target_code_in(CodePlace::Start)
    }
}
