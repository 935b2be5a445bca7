//! A recipe's run, from text to a model directory.

mod corpus;
mod observer;
mod task;

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_data::{BatchStream, Batching, Pair};
use crosshead_models::{EncoderDecoder, GenerationDefaults, write_atomic};
use crosshead_tokenize::Tokenizer;
use crosshead_train::{CheckpointStore, Outcome, RunLog, StepReport, Trainer};

use crate::{Error, Evaluation, Recipe, Translator, evaluate};
use corpus::Corpus;
use observer::RunObserver;
use task::TranslationTask;

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something a user wants to know.
    Message(String),
    /// A step is done.
    Step {
        /// What it did.
        report: &'a StepReport,
        /// The steps of the whole run.
        steps: u64,
    },
    /// A validation is done.
    Validated {
        /// The step.
        step: u64,
        /// Negative log-likelihood of a validation target, in nats.
        loss: f64,
        /// BLEU of greedy translations.
        bleu: f64,
        /// Whether the model is the best so far.
        best: bool,
    },
    /// Some sentences of the test set are translated.
    Translated {
        /// Sentences done.
        done: usize,
        /// Sentences in all.
        total: usize,
    },
}

/// What a run needs from its surroundings.
pub trait Host {
    /// Data that the program carries, by its name behind `embedded:`.
    fn embedded(&self, name: &str) -> Option<&[u8]>;

    /// Tells of an event.
    fn on_event(&mut self, event: Event<'_>);

    /// Whether the run is to save and stop.
    fn should_stop(&self) -> bool;
}

/// A run that came to its end.
#[derive(Debug)]
pub struct Summary {
    /// The directory of the best model.
    pub model: PathBuf,
    /// Seconds spent in training steps.
    pub train_seconds: f64,
    /// The score of the test pairs, where the recipe names some.
    pub test: Option<Evaluation>,
    /// The test pairs.
    pub test_pairs: Vec<Pair>,
}

/// Runs a recipe in a run directory: tokenizer, training, the best model, and its score on the test pairs.
///
/// Without `resume` the directory must not hold a run; with it, the run goes on from its last checkpoint.
/// `None` is returned where the host asked to stop; the run is then saved.
///
/// # Errors
/// If data, recipe or directory are not as they must be, or a file cannot be written.
pub fn train(
    recipe: &Recipe,
    dir: &Path,
    resume: bool,
    device: &Device,
    host: &mut impl Host,
) -> Result<Option<Summary>, Error> {
    let checkpoints = CheckpointStore::new(&dir.join("checkpoints"));
    check_directory(dir, recipe, resume)?;
    let corpus = Corpus::load(recipe, dir, resume, host)?;
    write_recipe(dir, recipe)?;
    let vocab_size = corpus.tokenizer.vocab_size();
    let config = recipe.model.resolve(vocab_size);
    let model = config.init(recipe.train.seed, &device.clone().autodiff());
    host.on_event(Event::Message(format!(
        "model: {} parameters, vocabulary of {vocab_size}",
        burn::module::Module::num_params(&model) - vocab_size
    )));
    let task = TranslationTask::new(&corpus.train, &config, recipe.train.smoothing());
    let batching = Batching::Tokens { lengths: task.lengths(), budget: recipe.train.batch_tokens };
    let batches = BatchStream::new(batching, recipe.train.seed);
    let mut trainer = Trainer::new(&task, recipe.train.config(), batches, model);
    if let Some(checkpoint) = if resume { checkpoints.load_latest()? } else { None } {
        let reason = |reason| Error::Run { dir: dir.to_owned(), reason };
        trainer = trainer.resume(checkpoint).map_err(reason)?;
        host.on_event(Event::Message(format!("resumed at step {}", trainer.progress().step)));
    }
    let log = RunLog::open(&dir.join("log.jsonl"), trainer.progress().step)?;
    let mut observer =
        RunObserver { recipe, corpus: &corpus, dir, checkpoints: &checkpoints, log, host };
    if trainer.run(&mut observer)? == Outcome::Stopped {
        return Ok(None);
    }
    let train_seconds = trainer.progress().seconds;
    drop(trainer);
    let model_dir = dir.join("model");
    let translator = Translator::from_pretrained(&model_dir, device)?;
    let test_pairs = corpus.test;
    let test = (!test_pairs.is_empty())
        .then(|| {
            let total = test_pairs.len();
            evaluate(&translator, &test_pairs, |done| {
                host.on_event(Event::Translated { done, total })
            })
        })
        .transpose()?;
    Ok(Some(Summary { model: model_dir, train_seconds, test, test_pairs }))
}

/// Checks that a new run's directory holds no run, or that a resumed one is of the same recipe.
fn check_directory(dir: &Path, recipe: &Recipe, resume: bool) -> Result<(), Error> {
    let path = dir.join("recipe.toml");
    let refuse = |reason: String| Err(Error::Run { dir: dir.to_owned(), reason });
    match (fs::read_to_string(&path), resume) {
        (Ok(_), false) => refuse(
            "holds a run; go on with --resume, choose another --out, or delete it".to_owned(),
        ),
        (Ok(present), true) if !same_but_for_length(&present, recipe) => {
            refuse(format!("{} differs from this recipe; resume with the same one", path.display()))
        }
        (Err(_), true) => refuse("holds no run to resume; start it without --resume".to_owned()),
        _ => Ok(()),
    }
}

fn write_recipe(dir: &Path, recipe: &Recipe) -> Result<(), Error> {
    let path = dir.join("recipe.toml");
    write_atomic(&path, recipe.to_toml().as_bytes()).map_err(Error::io(&path))
}

/// Whether a run's recipe is this one; a run may be made longer or shorter.
fn same_but_for_length(present: &str, recipe: &Recipe) -> bool {
    Recipe::parse("", present, &[]).is_ok_and(|mut present| {
        present.train.steps = recipe.train.steps;
        present == *recipe
    })
}

/// Writes the model directory that [`Translator::from_pretrained`] reads.
fn save_model(
    model: &EncoderDecoder,
    tokenizer: &Tokenizer,
    recipe: &Recipe,
    dir: &Path,
) -> Result<(), Error> {
    let defaults = GenerationDefaults {
        num_beams: recipe.decode.beams,
        length_penalty: recipe.decode.length_penalty as f32,
        ..GenerationDefaults::default()
    };
    model.save_pretrained(dir, defaults, |dir| Ok::<(), Error>(tokenizer.save(dir)?))
}
