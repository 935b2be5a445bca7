//! The languages of a pretrained multilingual model.

use crosshead_tokenize::Tokenizer;

use super::sections::PairsSection;
use crate::RunError;
use crate::recipe::InvalidKey;

/// The tokenizer with the languages of the recipe, if it sets any.
///
/// # Errors
/// If the model has no languages, lacks one of these, or also needs a source language. The error names the key.
pub(crate) fn apply(tokenizer: Tokenizer, section: &PairsSection) -> Result<Tokenizer, RunError> {
    let wrong =
        |key: &str, reason: String| Err(InvalidKey::new(format!("data.{key}"), reason).into());
    let keys = [("source_lang", &section.source_lang), ("target_lang", &section.target_lang)];
    let Some(target) = &section.target_lang else { return Ok(tokenizer) };
    let known = tokenizer.languages();
    for (key, code) in keys {
        let Some(code) = code else { continue };
        if known.is_empty() {
            return wrong(
                key,
                format!("{code}: the pretrained model (init) has no languages; remove this key"),
            );
        }
        if !known.contains(&code.as_str()) {
            let known = known.join(", ");
            return wrong(
                key,
                format!("{code}: not a language of the pretrained model (init), which has {known}"),
            );
        }
    }
    let source = section.source_lang.as_deref();
    let tokenizer = tokenizer.with_languages(source, Some(target))?;
    if tokenizer.takes_source_language() && source.is_none() {
        return wrong("source_lang", "missing; this model needs both languages".to_owned());
    }
    Ok(tokenizer)
}
