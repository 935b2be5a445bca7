//! Loads the languages of multilingual models.

use super::directory::Directory;
use crate::family::Family;
use crate::files::TOKENIZER_CONFIG;
use crate::language_codes::{M2M100, MBART_LEN, MBART50, NLLB};
use crate::tokenizer::language::{Codes, LanguageStyle};
use crate::{SpecialRole, TokenizeError, Tokenizer};

/// The language codes of a family.
pub(super) fn codes(family: Family) -> &'static [&'static str] {
    match family {
        Family::MBart => &MBART50[..MBART_LEN],
        Family::MBart50 => &MBART50,
        Family::Nllb => &NLLB,
        Family::M2m100 => &M2M100,
        Family::Albert
        | Family::Bert
        | Family::Gpt2
        | Family::Llama
        | Family::Marian
        | Family::Pegasus
        | Family::Qwen2
        | Family::Roberta
        | Family::T5
        | Family::XlmRoberta => &[],
    }
}

/// The token of a language.
pub(super) fn token(family: Family, code: &str) -> String {
    match family {
        Family::M2m100 => format!("__{code}__"),
        Family::Marian => format!(">>{code}<<"),
        Family::Albert
        | Family::Bert
        | Family::Gpt2
        | Family::Llama
        | Family::MBart
        | Family::MBart50
        | Family::Nllb
        | Family::Pegasus
        | Family::Qwen2
        | Family::Roberta
        | Family::T5
        | Family::XlmRoberta => code.to_owned(),
    }
}

/// Finds the languages of a tokenizer and selects those named in the files, or else English as the source.
pub(super) fn set(
    directory: &Directory,
    mut tokenizer: Tokenizer,
) -> Result<Tokenizer, TokenizeError> {
    let Some(family) = directory.family else { return Ok(tokenizer) };
    let legacy = directory.config.legacy_behaviour.unwrap_or(false);
    let (style, english) = match family {
        Family::MBart => (LanguageStyle::SuffixAndStart, "en_XX"),
        Family::MBart50 => (LanguageStyle::Prefix, "en_XX"),
        Family::Nllb if legacy => (LanguageStyle::Suffix, "eng_Latn"),
        Family::Nllb => (LanguageStyle::Prefix, "eng_Latn"),
        Family::M2m100 => (LanguageStyle::Prefix, "en"),
        Family::Marian => (LanguageStyle::TargetInSource, ""),
        Family::Albert
        | Family::Bert
        | Family::Gpt2
        | Family::Llama
        | Family::Pegasus
        | Family::Qwen2
        | Family::Roberta
        | Family::T5
        | Family::XlmRoberta => return Ok(tokenizer),
    };
    let found: Codes = if family == Family::Marian {
        let vocabulary = tokenizer.pipeline.get_vocab(true).into_iter();
        let code = |token: &str| Some(token.strip_prefix(">>")?.strip_suffix("<<")?.to_owned());
        vocabulary.filter_map(|(token, id)| Some((code(&token)?, id))).collect()
    } else {
        let id = |code: &str| tokenizer.token_to_id(&token(family, code));
        let all = codes(family).iter();
        all.filter_map(|&code| Some((code.to_owned(), id(code)?))).collect()
    };
    if found.is_empty() {
        return Ok(tokenizer);
    }
    let eos = tokenizer.special.require(SpecialRole::Eos)?;
    tokenizer.languages.declare(style, eos, found);
    let config = &directory.config;
    for (key, code) in [("src_lang", &config.src_lang), ("tgt_lang", &config.tgt_lang)] {
        if let Some(code) = code.as_deref().filter(|code| !tokenizer.languages().contains(code)) {
            return Err(TokenizeError::Key {
                path: directory.file(TOKENIZER_CONFIG),
                key: key.to_owned(),
                reason: format!("is `{code}`, a language that is not in the vocabulary"),
            });
        }
    }
    let target = config.tgt_lang.as_deref();
    if style == LanguageStyle::TargetInSource {
        // Only models that were fine-tuned for one language with this library have this key.
        return target.map_or(Ok(tokenizer.clone()), |_| tokenizer.with_languages(None, target));
    }
    let source = config.src_lang.as_deref().unwrap_or(english);
    tokenizer.with_languages(Some(source), target)
}
