//! The evaluation of any model on a file, as its recipe reads files.

use std::path::Path;

use burn::tensor::Device;
use crosshead_tasks::{TaskError, TextToText};

use crate::host::{Assets, Events};
use crate::job::{Evaluation, Job, Visitor};
use crate::{Recipe, Report, RunError};

/// What the model of a directory reaches on a file, which is read by the recipe's `[data]` section; `prepare` sets how an
/// encoder-decoder decodes, and its languages.
///
/// # Errors
/// If the directory holds no model of the recipe's task, or the file is not as the task needs it.
pub fn evaluate(
    recipe: &Recipe,
    model: &Path,
    file: &str,
    prepare: impl FnOnce(TextToText) -> Result<TextToText, TaskError>,
    device: &Device,
    assets: &dyn Assets,
    events: &mut dyn Events,
) -> Result<Report, RunError> {
    let prepare = Box::new(prepare);
    recipe.visit(Evaluation { model, file, prepare, device, assets, events })
}

impl Visitor for Evaluation<'_> {
    type Output = Result<Report, RunError>;

    fn visit<J: Job>(self, sections: &J::Recipe) -> Self::Output {
        J::evaluate(sections, self)
    }
}
