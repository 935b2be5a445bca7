//! The languages of multilingual models.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Affixes, TokenizeError, Tokenizer};

/// How language codes are passed to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LanguageStyle {
    /// Each text starts with its language code (mBART-50, NLLB, M2M-100).
    Prefix,
    /// Each text ends with its language code, after the end-of-sequence token (legacy NLLB).
    Suffix,
    /// Like `Suffix`, with the target language code as the decoder start token (mBART).
    SuffixAndStart,
    /// The source starts with the target language code (Marian).
    TargetInSource,
}

/// How the target language code is passed to the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodePosition {
    /// In the source text.
    Source,
    /// As the decoder start token.
    Start,
    /// As the token after the decoder start token.
    ForcedBos,
}

impl LanguageStyle {
    fn code_position(self) -> CodePosition {
        match self {
            Self::Prefix | Self::Suffix => CodePosition::ForcedBos,
            Self::SuffixAndStart => CodePosition::Start,
            Self::TargetInSource => CodePosition::Source,
        }
    }
}

/// The id of each language.
pub(crate) type Codes = BTreeMap<String, u32>;

/// The languages of a tokenizer, including the selected ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Languages {
    declared: Option<Declared>,
    /// The special tokens of a source text, if they depend on the language.
    pub(crate) source: Option<Affixes>,
    /// The special tokens of a target text, if they depend on the language.
    pub(crate) target: Option<Affixes>,
    /// The id of the selected source language.
    source_code: Option<u32>,
    /// The id of the selected target language.
    target_code: Option<u32>,
    /// The id for unknown codes in Marian models, where a leading code (`>>fra<<`) is a token.
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

    /// The id of the target language, if it is passed in this position.
    fn target_code_in(&self, position: CodePosition) -> Option<u32> {
        let style = self.declared.as_ref()?.style;
        self.target_code.filter(|_| style.code_position() == position)
    }

    /// The id of a leading language code, if such codes are tokens, and the rest of the text.
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
    /// The language codes that [`with_languages`](Self::with_languages) accepts. Empty for models without languages.
    pub fn languages(&self) -> Vec<&str> {
        let declared = self.languages.declared.iter();
        declared.flat_map(|declared| declared.codes.keys().map(String::as_str)).collect()
    }

    /// The language code with this id, as in [`languages`](Self::languages).
    pub fn language(&self, id: u32) -> Option<&str> {
        let declared = self.languages.declared.as_ref()?;
        declared.codes.iter().find(|&(_, &known)| known == id).map(|(code, _)| code.as_str())
    }

    /// The code of the selected target language, if any.
    pub fn target_language(&self) -> Option<&str> {
        self.languages.target_code.and_then(|id| self.language(id))
    }

    /// Whether the model takes a source language. A Marian model takes only a target language.
    pub fn takes_source_language(&self) -> bool {
        let declared = self.languages.declared.as_ref();
        declared.is_some_and(|declared| declared.style != LanguageStyle::TargetInSource)
    }

    /// Selects the source and target language by the model's codes: `en_XX` in mBART, `eng_Latn` in NLLB, `en` in
    /// M2M-100. `None` keeps the current language, initially `src_lang` and `tgt_lang` of `tokenizer_config.json`. The
    /// default source is English, as in `transformers`. A multilingual Marian model takes only a target (`fra` for
    /// `>>fra<<`) and ignores `source`.
    ///
    /// # Errors
    /// If the model has no languages or lacks these, or does not take a source language and only `source` is given.
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
        let is_prefix = match style {
            LanguageStyle::TargetInSource | LanguageStyle::Prefix => true,
            LanguageStyle::Suffix | LanguageStyle::SuffixAndStart => false,
        };
        let affixes = |code: u32| Affixes {
            before: is_prefix.then_some(code).into_iter().collect(),
            after: [*eos].into_iter().chain((!is_prefix).then_some(code)).collect(),
        };
        let mut tokenizer = self.clone();
        let languages = &mut tokenizer.languages;
        if let Some(target) = target {
            languages.target_code = Some(id(target)?);
        }
        if *style == LanguageStyle::TargetInSource {
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

    /// The id that must follow the decoder start token in a translation; in some models, this is the target language
    /// code.
    pub fn forced_bos(&self) -> Option<u32> {
        self.languages.target_code_in(CodePosition::ForcedBos)
    }

    /// The decoder start token for the selected target language, in models where it depends on the language.
    pub fn decoder_start(&self) -> Option<u32> {
        self.languages.target_code_in(CodePosition::Start)
    }
}
