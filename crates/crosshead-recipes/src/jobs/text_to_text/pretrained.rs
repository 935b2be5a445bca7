//! Keys whose defaults come from the pretrained model.

use std::path::Path;

use crosshead_models::{GenerationDefaults, Origin};
use crosshead_tasks::model_files;

use super::sections::{DecodeSection, TextToTextRecipe};
use crate::RunError;

/// The recipe, with the keys that come from the pretrained model filled in: decoding and prefix. A recipe that resumes
/// `run` takes them from that run.
///
/// # Errors
/// If the pretrained model cannot be read.
pub(super) fn complete(
    recipe: &TextToTextRecipe,
    run: Option<&TextToTextRecipe>,
) -> Result<TextToTextRecipe, RunError> {
    let mut recipe = recipe.clone();
    let Some(init) = &recipe.init else { return Ok(recipe) };
    let (decode, prefix) = match run {
        Some(run) => (run.decode.clone(), run.data.prefix.clone()),
        None => of_model(model_files(Path::new(init), None)?.dir())?,
    };
    recipe.decode.beams = recipe.decode.beams.or(decode.beams);
    recipe.decode.length_penalty = recipe.decode.length_penalty.or(decode.length_penalty);
    recipe.data.prefix.get_or_insert(prefix.unwrap_or_default());
    Ok(recipe)
}

/// Decoding options and prefix in the files of a model.
fn of_model(dir: &Path) -> Result<(DecodeSection, Option<String>), RunError> {
    let search = GenerationDefaults::from_dir(dir)?;
    // Converted through text, so that 0.6 as f32 becomes 0.6 as f64.
    let length_penalty = search.length_penalty.to_string().parse().ok();
    let beams = Some(search.num_beams);
    let decode = DecodeSection { beams, length_penalty, ..DecodeSection::default() };
    Ok((decode, Origin::open(dir)?.prefix().map(str::to_owned)))
}
