//! The languages and the task that a pretrained model is told, as a recipe says them.

use std::path::Path;

use crosshead_models::{GenerationDefaults, Origin};
use crosshead_tasks::model_directory;
use crosshead_tokenize::Tokenizer;

use crate::recipe::{DecodeSection, PairsSection};
use crate::{Error, Recipe};

/// The tokenizer for the languages of a recipe, if it names any.
///
/// # Errors
/// If the model has no languages, or not these, or must be told the source's too; the error names the key.
pub(crate) fn told(tokenizer: Tokenizer, section: &PairsSection) -> Result<Tokenizer, Error> {
    let wrong =
        |key: &str, reason: String| Err(Error::Recipe { name: format!("data.{key}"), reason });
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

/// The recipe with the keys that its pretrained model fills: search and prefix. A run that goes on keeps those it began with.
///
/// # Errors
/// If the pretrained model cannot be read.
pub(crate) fn complete(recipe: &Recipe, run: Option<&Recipe>) -> Result<Recipe, Error> {
    let mut recipe = recipe.clone();
    let Recipe::TextToText(sections) = &mut recipe else { return Ok(recipe) };
    let Some(init) = &sections.init else { return Ok(recipe) };
    let (decode, prefix) = match run {
        Some(Recipe::TextToText(run)) => (run.decode.clone(), run.data.prefix.clone()),
        Some(_) | None => of_model(&model_directory(Path::new(init))?)?,
    };
    sections.decode.beams = sections.decode.beams.or(decode.beams);
    sections.decode.length_penalty = sections.decode.length_penalty.or(decode.length_penalty);
    sections.data.prefix.get_or_insert(prefix.unwrap_or_default());
    Ok(recipe)
}

/// What the files of a model say about search and prefix.
fn of_model(dir: &Path) -> Result<(DecodeSection, Option<String>), Error> {
    let search = GenerationDefaults::from_dir(dir)?;
    // By way of text: 0.6 is 0.6 in 64 bits too.
    let length_penalty = search.length_penalty.to_string().parse().ok();
    let decode = DecodeSection { beams: Some(search.num_beams), length_penalty };
    Ok((decode, Origin::open(dir)?.prefix().map(str::to_owned)))
}
