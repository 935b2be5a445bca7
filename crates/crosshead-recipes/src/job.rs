//! The part of a run that depends on the task.

use std::path::Path;

use burn::tensor::Device;
use crosshead_data::{Batching, Lengths, Order, token_budget_batches};
use crosshead_kernels::Mode;
use crosshead_models::{ComputeType, Head, Linears, ModelFiles};
use crosshead_tasks::{TaskError, TextToText};
use crosshead_train::Task;

use crate::RunError;
use crate::checkpointing::Checkpointing;
use crate::host::{Assets, Event, Events};
use crate::recipe::{InvalidKey, Sections, TrainSection};
use crate::report::{MetricValue, Report};

/// Tokens per batch, including padding, when only the loss is computed.
const VALIDATION_BATCH_TOKENS: usize = 4000;

/// What a run needs in addition to its recipe: directory, device, embedded data.
pub(crate) struct Setup<'a> {
    /// The run directory.
    pub(crate) dir: &'a Path,
    /// Whether the run is resumed from a checkpoint.
    pub(crate) resume: bool,
    /// The device, outside autodiff.
    pub(crate) device: &'a Device,
    /// Embedded data.
    pub(crate) assets: &'a dyn Assets,
}

/// The evaluation of a model on a file.
pub(crate) struct Evaluation<'a> {
    /// The files of the model.
    pub(crate) model: &'a ModelFiles,
    /// The file: a path, or `embedded:` and a name.
    pub(crate) file: &'a str,
    /// Sets the decoding options and languages of an encoder-decoder.
    pub(crate) prepare: Box<Prepare<'a>>,
    /// The device.
    pub(crate) device: &'a Device,
    /// The compute type of the model.
    pub(crate) compute_type: ComputeType,
    /// Embedded data.
    pub(crate) assets: &'a dyn Assets,
    /// Receives the progress.
    pub(crate) events: &'a mut dyn Events,
}

/// Prepares an encoder-decoder for evaluation.
pub(crate) type Prepare<'a> = dyn FnOnce(TextToText) -> Result<TextToText, TaskError> + 'a;

/// One kind of task: its data, model and loss, and how the model is saved and evaluated.
pub(crate) trait Job: Sized {
    /// The recipe's sections.
    type Recipe: Sections;
    /// The training task.
    type Task<'a>: Task<Model = Self::Model>
    where
        Self: 'a;
    /// The model.
    type Model: burn::module::Module + Checkpointing + Linears;
    /// The head of the model.
    const HEAD: Head;

    /// The recipe, with the keys that come from the pretrained model filled in. A recipe that resumes `run` takes them
    /// from that run.
    ///
    /// # Errors
    /// If the pretrained model cannot be read.
    fn completed(
        recipe: &Self::Recipe,
        _run: Option<&Self::Recipe>,
    ) -> Result<Self::Recipe, RunError> {
        Ok(recipe.clone())
    }

    /// Reads the data, and loads or trains the tokenizer.
    fn load(
        recipe: &Self::Recipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError>;

    /// The initial model.
    fn model(&self, device: &Device, events: &mut dyn Events) -> Result<Self::Model, RunError>;

    /// The training task on the training data.
    fn task(&self) -> Self::Task<'_>;

    /// The batches of the training data.
    fn batching(&self, train: &TrainSection) -> Batching;

    /// Computes the metrics on the validation data, the loss first. The model is not on an autodiff device.
    fn validate(
        &self,
        model: &Self::Model,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError>;

    /// Writes a model directory.
    fn save(&self, model: &Self::Model, dir: &Path) -> Result<(), RunError>;

    /// Evaluates the model of a directory on the test data, if there is any.
    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError>;

    /// Evaluates a model on a file, which is read with the recipe's `[data]` section.
    ///
    /// # Errors
    /// If the directory has no model of the task, or the file does not have the format of the task.
    fn evaluate(recipe: &Self::Recipe, evaluation: Evaluation<'_>) -> Result<Report, RunError>;
}

/// The mean loss per target, over examples with these source and target lengths.
pub(crate) fn mean_loss<T: Task>(task: &T, lengths: &[Lengths], model: &T::Model) -> f64 {
    let batches = token_budget_batches(lengths, VALIDATION_BATCH_TOKENS, Order::Sorted);
    let sum: f64 =
        batches.iter().map(|batch| task.loss(model, batch, Mode::Eval).into_scalar::<f64>()).sum();
    let targets: usize = batches.iter().map(|batch| task.targets(batch)).sum();
    sum / targets.max(1) as f64
}

/// A progress callback that sends [`Event::Validating`].
pub(crate) fn validating(
    events: &mut dyn Events,
    total: usize,
    unit: &'static str,
) -> impl FnMut(usize) {
    move |done| events.on_event(Event::Validating { done, total, unit })
}

/// A progress callback that sends [`Event::Tested`].
pub(crate) fn tested(
    events: &mut dyn Events,
    total: usize,
    unit: &'static str,
) -> impl FnMut(usize) {
    move |done| events.on_event(Event::Tested { done, total, unit })
}

/// Checks that a model has positions for the number of tokens that `key` sets.
///
/// # Errors
/// If it has fewer.
pub(crate) fn check_length(key: &str, tokens: usize, max_len: usize) -> Result<(), InvalidKey> {
    if tokens <= max_len {
        return Ok(());
    }
    let reason = format!(
        "{tokens} tokens, but the model has positions for at most {max_len} (model.max_len)"
    );
    Err(InvalidKey::new(key, reason))
}

/// An operation on the job of a recipe, generic over the job.
pub(crate) trait Visitor {
    /// The result.
    type Output;

    /// Performs the operation with the sections of the recipe.
    fn visit<J: Job>(self, sections: &J::Recipe) -> Self::Output;
}
