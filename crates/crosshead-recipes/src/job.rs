//! What a run does that is its task's own.

use std::path::Path;

use burn::tensor::Device;
use crosshead_data::{Batching, Lengths, Order, token_budget_batches};
use crosshead_kernels::Mode;
use crosshead_tasks::{TaskError, TextToText};
use crosshead_train::Task;

use crate::RunError;
use crate::host::{Assets, Event, Events};
use crate::recipe::{InvalidKey, Sections, TrainSection};
use crate::report::{MetricValue, Report};

/// Padded tokens of a batch when only the loss is computed.
const VALIDATION_BATCH_TOKENS: usize = 4000;

/// Where a run takes place.
pub(crate) struct Place<'a> {
    /// The run's directory.
    pub(crate) dir: &'a Path,
    /// Whether the run goes on from a checkpoint.
    pub(crate) resume: bool,
    /// The device, outside autodiff.
    pub(crate) device: &'a Device,
    /// Data that the program carries.
    pub(crate) assets: &'a dyn Assets,
}

/// The evaluation of a model on a file.
pub(crate) struct Evaluation<'a> {
    /// The model directory or run directory.
    pub(crate) model: &'a Path,
    /// The file, as a recipe names files.
    pub(crate) file: &'a str,
    /// Sets how an encoder-decoder decodes, and its languages.
    pub(crate) prepare: Box<Prepare<'a>>,
    /// The device.
    pub(crate) device: &'a Device,
    /// Data that the program carries.
    pub(crate) assets: &'a dyn Assets,
    /// Receives the progress.
    pub(crate) events: &'a mut dyn Events,
}

/// A change of an encoder-decoder before it is evaluated.
pub(crate) type Prepare<'a> = dyn FnOnce(TextToText) -> Result<TextToText, TaskError> + 'a;

/// One kind of task: its data, its model, what it learns, and how the result is measured and kept.
pub(crate) trait Job: Sized {
    /// The recipe's sections.
    type Recipe: Sections;
    /// What is learned.
    type Task<'a>: Task<Model = Self::Model>
    where
        Self: 'a;
    /// What is trained.
    type Model: burn::module::Module;

    /// The recipe with the keys that its pretrained model fills. One that resumes `run` has those of the run.
    ///
    /// # Errors
    /// If the pretrained model can't be read.
    fn completed(
        recipe: &Self::Recipe,
        _run: Option<&Self::Recipe>,
    ) -> Result<Self::Recipe, RunError> {
        Ok(recipe.clone())
    }

    /// Reads the data, and the tokenizer or what it is learned from.
    fn load(
        recipe: &Self::Recipe,
        place: &Place<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError>;

    /// The model that training starts from.
    fn model(&self, device: &Device, events: &mut dyn Events) -> Result<Self::Model, RunError>;

    /// What is learned from the training data.
    fn task(&self) -> Self::Task<'_>;

    /// How the training data falls into batches.
    fn batching(&self, train: &TrainSection) -> Batching;

    /// The metrics on the validation data, the loss first; the model is outside autodiff.
    fn validate(&self, model: &Self::Model) -> Result<Vec<MetricValue>, RunError>;

    /// Writes a model directory.
    fn save(&self, model: &Self::Model, dir: &Path) -> Result<(), RunError>;

    /// What the model of a directory reaches on the test data, if there is some.
    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError>;

    /// What a model reaches on a file, which is read by the recipe's `[data]` section.
    ///
    /// # Errors
    /// If the directory holds no model of the task, or the file is not as the task needs it.
    fn evaluate(recipe: &Self::Recipe, evaluation: Evaluation<'_>) -> Result<Report, RunError>;
}

/// The mean loss of a target over examples of these lengths.
pub(crate) fn mean_loss<T: Task>(task: &T, lengths: &[Lengths], model: &T::Model) -> f64 {
    let batches = token_budget_batches(lengths, VALIDATION_BATCH_TOKENS, Order::Sorted);
    let sum: f64 =
        batches.iter().map(|batch| task.loss(model, batch, Mode::Eval).into_scalar::<f64>()).sum();
    let targets: usize = batches.iter().map(|batch| task.targets(batch)).sum();
    sum / targets.max(1) as f64
}

/// A progress callback that reports each finished part of a test.
pub(crate) fn tested(
    events: &mut dyn Events,
    total: usize,
    unit: &'static str,
) -> impl FnMut(usize) {
    move |done| events.on_event(Event::Tested { done, total, unit })
}

/// Refuses texts of more tokens than a model has positions for; `key` is where the recipe says how many.
///
/// # Errors
/// If there are more.
pub(crate) fn check_length(key: &str, tokens: usize, max_len: usize) -> Result<(), InvalidKey> {
    if tokens <= max_len {
        return Ok(());
    }
    let reason = format!("{tokens} tokens, but the model reads at most {max_len} (model.max_len)");
    Err(InvalidKey::new(key, reason))
}

/// Something that is done with the job of a recipe, whichever job that is.
pub(crate) trait Visitor {
    /// What it gives.
    type Output;

    /// Does it with a job and the recipe's sections.
    fn visit<J: Job>(self, sections: &J::Recipe) -> Self::Output;
}
