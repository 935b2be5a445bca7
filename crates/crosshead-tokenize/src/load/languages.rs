//! The languages of multilingual models.

use super::directory::Directory;
use crate::family::Family;
use crate::language_codes::{M2M100, MBART_LEN, MBART50, NLLB};
use crate::tokenizer::language::{Codes, LanguageStyle};
use crate::{SpecialRole, TokenizeError, Tokenizer};

/// Codes of the languages that a family is trained for.
pub(super) fn codes(family: Family) -> &'static [&'static str] {
    match family {
        Family::MBart => &MBART50[..MBART_LEN],
        Family::MBart50 => &MBART50,
        Family::Nllb => &NLLB,
        Family::M2m100 => &M2M100,
        _ => &[],
    }
}

/// The token of a language.
pub(super) fn token(family: Family, code: &str) -> String {
    match family {
        Family::M2m100 => format!("__{code}__"),
        Family::Marian => format!(">>{code}<<"),
        _ => code.to_owned(),
    }
}

/// Finds the languages of a tokenizer and sets those that the files name, or English.
pub(super) fn set(
    directory: &Directory,
    mut tokenizer: Tokenizer,
) -> Result<Tokenizer, TokenizeError> {
    let Some(family) = directory.family else { return Ok(tokenizer) };
    let legacy = directory.config.legacy_behaviour.unwrap_or(false);
    let (style, english) = match family {
        Family::MBart => (LanguageStyle::BehindAndFirst, "en_XX"),
        Family::MBart50 => (LanguageStyle::Before, "en_XX"),
        Family::Nllb if legacy => (LanguageStyle::Behind, "eng_Latn"),
        Family::Nllb => (LanguageStyle::Before, "eng_Latn"),
        Family::M2m100 => (LanguageStyle::Before, "en"),
        Family::Marian => (LanguageStyle::TargetBeforeSource, ""),
        _ => return Ok(tokenizer),
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
    if style == LanguageStyle::TargetBeforeSource {
        return Ok(tokenizer);
    }
    let config = &directory.config;
    let source = config.src_lang.as_deref().unwrap_or(english);
    let target = config.tgt_lang.as_deref();
    let mut tokenizer = tokenizer.with_languages(source, target.unwrap_or(source))?;
    if target.is_none() {
        tokenizer.languages.forget_target();
    }
    Ok(tokenizer)
}
