//! The languages of a pretrained model, as a recipe names them.

use crosshead_tokenize::Tokenizer;

use super::sections::PairsSection;
use crate::RunError;
use crate::recipe::InvalidKey;

/// The tokenizer for the languages of a recipe, if it names any.
///
/// # Errors
/// If the model has no languages, or not these, or must be told the source's too; the error names the key.
pub(crate) fn told(tokenizer: Tokenizer, section: &PairsSection) -> Result<Tokenizer, RunError> {
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
                format!("{code}: the model of init has no languages; leave this key out"),
            );
        }
        if !known.contains(&code.as_str()) {
            let known = known.join(", ");
            return wrong(
                key,
                format!("{code}: the model of init cannot be told it; it knows {known}"),
            );
        }
    }
    let source = section.source_lang.as_deref();
    let told = tokenizer.with_languages(source, Some(target))?;
    if told.takes_source_language() && source.is_none() {
        return wrong("source_lang", "missing; this model is told both languages".to_owned());
    }
    Ok(told)
}
