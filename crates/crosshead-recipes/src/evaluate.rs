//! The evaluation of a model on a file.

use burn::tensor::Device;
use crosshead_models::{ComputeType, ModelFiles};
use crosshead_tasks::{TaskError, TextToText};

use crate::host::{Assets, Events};
use crate::job::{Evaluation, Job, Visitor};
use crate::{Recipe, Report, RunError};

/// How an evaluated model computes.
#[derive(Clone, Copy, Debug)]
pub struct Compute<'a> {
    /// The device.
    pub device: &'a Device,
    /// The type of the weights.
    pub compute_type: ComputeType,
}

/// Evaluates a model on a file, which is read with the recipe's `[data]` section. `prepare` sets the decoding
/// options and languages of an encoder-decoder; it is not called for other models.
///
/// # Errors
/// If the directory has no model of the recipe's task, or the file does not have the format of the task.
pub fn evaluate(
    recipe: &Recipe,
    model: &ModelFiles,
    file: &str,
    prepare: impl FnOnce(TextToText) -> Result<TextToText, TaskError>,
    compute: Compute<'_>,
    assets: &dyn Assets,
    events: &mut dyn Events,
) -> Result<Report, RunError> {
    let (prepare, Compute { device, compute_type }) = (Box::new(prepare), compute);
    recipe.visit(Evaluation { model, file, prepare, device, compute_type, assets, events })
}

impl Visitor for Evaluation<'_> {
    type Output = Result<Report, RunError>;

    fn visit<J: Job>(self, sections: &J::Recipe) -> Self::Output {
        J::evaluate(sections, self)
    }
}
