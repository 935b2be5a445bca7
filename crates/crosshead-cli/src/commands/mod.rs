//! One file for each subcommand.

pub(crate) mod evaluate;
#[cfg(feature = "hub")]
pub(crate) mod fetch;
pub(crate) mod inspect;
pub(crate) mod recipes;
pub(crate) mod train;
pub(crate) mod translate;

use std::path::Path;

use crosshead::{SearchOptions, Translator};

use crate::args::{Compute, Search};
use crate::device;

/// Loads the translator that the command line names.
fn translator(model: &Path, search: &Search, compute: &Compute) -> anyhow::Result<Translator> {
    let translator = Translator::from_pretrained(model, &device::open(compute.device)?)?;
    let defaults = translator.options();
    Ok(translator.with_options(SearchOptions {
        beams: search.beams.map_or(defaults.beams, usize::from),
        length_penalty: search.length_penalty.unwrap_or(defaults.length_penalty),
        batch_size: search.batch_size.into(),
    }))
}
