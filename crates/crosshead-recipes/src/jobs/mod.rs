//! The kinds of task: what a run does that is its task's own.

mod classify;
mod language_model;
mod masked_lm;
mod text_to_text;

use std::path::Path;

use burn::tensor::Device;
use crosshead_data::{Batching, Order, token_budget_batches};
use crosshead_kernels::Mode;
use crosshead_train::Task;

use crate::Error;
use crate::host::{Assets, Event, Events};
use crate::recipe::TrainSection;
use crate::report::{Figure, Report};

pub(crate) use classify::ClassifyJob;
pub use classify::classification;
pub(crate) use language_model::LanguageModelJob;
pub use language_model::language_modeling;
pub(crate) use masked_lm::MaskedLmJob;
pub use masked_lm::masked_language_modeling;
pub(crate) use text_to_text::TextToTextJob;
pub use text_to_text::{summaries, translations};

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

/// One kind of task: its data, its model, what it learns, and how the result is measured and kept.
pub(crate) trait Job: Sized {
    /// The recipe's sections.
    type Recipe;
    /// What is learned.
    type Task<'a>: Task<Model = Self::Model>
    where
        Self: 'a;
    /// What is trained.
    type Model: burn::module::Module;

    /// Reads the data, and the tokenizer or what it is learned from.
    fn load(
        recipe: &Self::Recipe,
        place: &Place<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, Error>;

    /// The model that training starts from.
    fn model(&self, device: &Device, events: &mut dyn Events) -> Result<Self::Model, Error>;

    /// What is learned from the training data.
    fn task(&self) -> Self::Task<'_>;

    /// How the training data falls into batches.
    fn batching(&self, train: &TrainSection) -> Batching;

    /// The figures on the validation data, the loss first; the model is outside autodiff.
    fn validate(&self, model: &Self::Model) -> Result<Vec<Figure>, Error>;

    /// Writes a model directory.
    fn save(&self, model: &Self::Model, dir: &Path) -> Result<(), Error>;

    /// What the model of a directory reaches on the test data, if there is some.
    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, Error>;
}

/// The mean loss of a target over examples of these source and target lengths.
pub(crate) fn mean_loss<T: Task>(task: &T, lengths: &[(usize, usize)], model: &T::Model) -> f64 {
    let batches = token_budget_batches(lengths, VALIDATION_BATCH_TOKENS, Order::Sorted);
    let sum: f64 =
        batches.iter().map(|batch| task.loss(model, batch, Mode::Eval).into_scalar::<f64>()).sum();
    let targets: usize = batches.iter().map(|batch| task.targets(batch)).sum();
    sum / targets.max(1) as f64
}

/// Tells of each part of a test that is done.
pub(crate) fn tested(
    events: &mut dyn Events,
    total: usize,
    unit: &'static str,
) -> impl FnMut(usize) {
    move |done| events.on_event(Event::Tested { done, total, unit })
}

/// Refuses texts of more tokens than a model has positions for; `key` is where the recipe says how many.
pub(crate) fn check_length(key: &str, tokens: usize, max_len: usize) -> Result<(), Error> {
    if tokens <= max_len {
        return Ok(());
    }
    let reason = format!("{tokens} tokens, but the model reads at most {max_len} (model.max_len)");
    Err(Error::Recipe { name: key.to_owned(), reason })
}
