//! Runs that diverge, and what their recipe does about it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, TensorData};
use crosshead_tokenize::Tokenizer;
use crosshead_weights::{from_safetensors, to_safetensors};
use serde_json::Value;
use tempfile::TempDir;

use super::Messages;
use crate::host::{Host, NoAssets, Stop};
use crate::{Recipe, RunError, train};

/// The number of training texts.
const TEXTS: usize = 24;

/// The index of the only text with `@`.
const POISONED: usize = 5;

const WORDS: &str = "bert.embeddings.word_embeddings.weight";
const POSITIONS: &str = "bert.embeddings.position_embeddings.weight";
const TYPES: &str = "bert.embeddings.token_type_embeddings.weight";

/// The tensors of a model file.
type Tensors = BTreeMap<String, Vec<f32>>;

/// A folder with labelled texts, of which one has the word `@`.
struct Poisoned {
    folder: TempDir,
    messages: Vec<String>,
}

impl Poisoned {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let things = ["film", "song", "meal", "book"];
        let line = |n: usize| match n {
            POISONED => "bad\t@ film\n".to_owned(),
            n => format!("{}\ta {} of {n}\n", ["bad", "good"][n % 2], things[n % 4]),
        };
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        write("train.tsv", (0..TEXTS).map(line).collect());
        write("valid.tsv", (0..TEXTS).filter(|&n| n != POISONED).map(line).collect());
        Self { folder, messages: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a recipe in a directory.
    fn train(&mut self, dir: &str, resume: bool, sets: &[&str]) -> Result<(), RunError> {
        let [train_file, valid_file] = ["train.tsv", "valid.tsv"].map(|name| self.path(name));
        let text = format!(
            "task = \"classify\"\n[data]\ntrain = \"{}\"\nvalid = \"{}\"\n\
             [train]\nbatch_examples = 4\nschedule = \"constant\"\nvalidate_every = 1000\n",
            train_file.display(),
            valid_file.display()
        );
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let recipe = Recipe::parse("test", &text, &sets).unwrap();
        let mut events = Messages::default();
        let host = Host { assets: &NoAssets, events: &mut events, stop: Stop::default() };
        let done = train(&recipe, &self.path(dir), resume, &Device::flex(), host);
        self.messages = events.0;
        done.map(|summary| assert!(summary.is_some(), "no one stops the run"))
    }

    /// Makes the model `base`, with a change of its word embeddings: `change(id of @, width, tensors)`.
    fn base(&mut self, change: impl Fn(usize, usize, &mut Tensors)) {
        let sets = ["model.preset=\"tiny\"", "tokenizer.vocab_size=60", "train.steps=1"];
        self.train("base", false, &sets).unwrap();
        let dir = self.path("base/model");
        let id = Tokenizer::from_dir(&dir).unwrap().encode("@").unwrap()[0] as usize;
        let path = dir.join("model.safetensors");
        let read = from_safetensors(&path, fs::read(&path).unwrap()).unwrap();
        let width = read[WORDS].shape()[1];
        let shapes: BTreeMap<String, Vec<usize>> =
            read.iter().map(|(name, data)| (name.clone(), data.shape().to_vec())).collect();
        let mut tensors = values(&read);
        change(id, width, &mut tensors);
        let tensors = tensors
            .into_iter()
            .map(|(name, values)| (name.clone(), TensorData::new(values, shapes[&name].clone())))
            .collect();
        fs::write(&path, to_safetensors(&path, &tensors).unwrap()).unwrap();
    }

    /// Fine-tunes the model `base` in a directory.
    fn tune(&mut self, dir: &str, resume: bool, sets: &[&str]) -> Result<(), RunError> {
        let init = format!("init=\"{}\"", self.path("base/model").display());
        self.train(dir, resume, &[&[init.as_str()], sets].concat())
    }

    fn log(&self, dir: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(dir).join("log.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn values(tensors: &BTreeMap<String, TensorData>) -> Tensors {
    let values = |data: &TensorData| data.try_to_vec::<f32>().unwrap();
    tensors.iter().map(|(name, data)| (name.clone(), values(data))).collect()
}

fn read(path: &Path) -> Tensors {
    values(&from_safetensors(path, fs::read(path).unwrap()).unwrap())
}

/// The losses of the steps that were taken, by step. No step is taken twice.
fn losses(log: &[Value]) -> BTreeMap<u64, f64> {
    let taken = log.iter().filter(|entry| entry["gradient_norm"].is_number());
    let taken: Vec<(u64, f64)> = taken
        .map(|entry| (entry["step"].as_u64().unwrap(), entry["loss"].as_f64().unwrap()))
        .collect();
    let losses: BTreeMap<u64, f64> = taken.iter().copied().collect();
    assert_eq!(losses.len(), taken.len());
    losses
}

/// The entries about steps that diverged.
fn diverged(log: &[Value]) -> Vec<&Value> {
    log.iter().filter(|entry| entry["diverged"].is_string()).collect()
}

/// Asserts that an entry and the messages name a batch with the poisoned text.
#[track_caller]
fn assert_names_batch(entry: &Value, messages: &[String]) {
    let examples: Vec<u64> =
        entry["examples"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert!(examples.len() == 4 && examples.contains(&(POISONED as u64)), "{entry}");
    let step = format!("warning: step {}: {}", entry["step"], entry["diverged"].as_str().unwrap());
    let examples: Vec<String> = examples.iter().map(ToString::to_string).collect();
    let named =
        |message: &&String| message.contains(&step) && message.contains(&examples.join(", "));
    assert!(messages.iter().any(|message| named(&message)), "{step} {examples:?}: {messages:?}");
}

/// The word embedding of `@` is so large that the norm after it overflows, so the loss of its batch is NaN.
fn with_huge_word() -> Poisoned {
    let mut poisoned = Poisoned::new();
    poisoned.base(|id, width, tensors| {
        tensors.get_mut(WORDS).unwrap()[id * width..(id + 1) * width].fill(f32::MAX);
    });
    poisoned
}

/// Keys of runs of four epochs.
const FOUR_EPOCHS: [&str; 3] = ["train.steps=24", "train.checkpoint_every=3", "train.peak=3e-3"];

#[test]
fn batches_with_a_loss_of_nan_are_skipped_and_named() {
    let mut poisoned = with_huge_word();
    let sets = [&FOUR_EPOCHS[..], &["train.on_divergence=\"skip\""]].concat();
    poisoned.tune("run", false, &sets).unwrap();
    let log = poisoned.log("run");
    let skipped = diverged(&log);
    assert_eq!(skipped.len(), 4, "one batch in each epoch");
    for entry in &skipped {
        assert_eq!(
            (&entry["remedy"], &entry["diverged"]),
            (&"skipped".into(), &"the loss is not finite".into())
        );
        assert_names_batch(entry, &poisoned.messages);
    }
    let losses = losses(&log);
    assert_eq!(losses.len(), 20);
    let mean = |steps: std::ops::Range<u64>| {
        let found: Vec<f64> = losses.range(steps).map(|(_, loss)| *loss).collect();
        found.iter().sum::<f64>() / found.len() as f64
    };
    assert!(mean(19..25) < mean(1..7), "the run still learns: {losses:?}");
    assert!(log.iter().any(|entry| entry["valid_loss"].is_number()), "the model is valid");
    for file in ["weights", "optimizer"] {
        let path = poisoned.path(&format!("run/checkpoints/24/{file}.safetensors"));
        for (name, values) in read(&path) {
            assert!(values.iter().all(|value| value.is_finite()), "{file}: {name}");
        }
    }
}

#[test]
fn a_run_that_stopped_at_nan_names_the_batch_and_resumes_with_skipping() {
    let mut poisoned = with_huge_word();
    let error = poisoned.tune("run", false, &FOUR_EPOCHS).unwrap_err();
    let RunError::Diverged(_) = &error else { panic!("{error}") };
    let message = error.to_string();
    let step: u64 = {
        let rest = message.split("step ").nth(1).unwrap();
        rest.split(':').next().unwrap().parse().unwrap()
    };
    assert!(message.contains("the loss is not finite (training examples "), "{message}");
    let listed = message.split("(training examples ").nth(1).unwrap().split(')').next().unwrap();
    assert!(listed.split(", ").any(|index| index == POISONED.to_string()), "{message}");
    assert_eq!(losses(&poisoned.log("run")).len() as u64, step - 1, "earlier steps were taken");

    let skip = [&FOUR_EPOCHS[..], &["train.on_divergence=\"skip\""]].concat();
    poisoned.tune("run", true, &skip).unwrap();
    poisoned.tune("whole", false, &skip).unwrap();
    let model = |run: &str| fs::read(poisoned.path(run).join("model/model.safetensors")).unwrap();
    assert!(model("run") == model("whole"), "as if it had skipped from the beginning");
    assert_eq!(losses(&poisoned.log("run")), losses(&poisoned.log("whole")));
}

#[test]
fn a_spike_of_the_gradient_alone_is_skipped() {
    let mut poisoned = Poisoned::new();
    // Word, position and type add up to zero for @, the second token of its text. Its norm then multiplies the gradient by
    // 1 / √ε = 1e6, while the output and the loss are ordinary.
    poisoned.base(|id, width, tensors| {
        let row = |name: &str, at: usize| tensors[name][at * width..(at + 1) * width].to_vec();
        let (position, kind) = (row(POSITIONS, 1), row(TYPES, 0));
        let word = &mut tensors.get_mut(WORDS).unwrap()[id * width..(id + 1) * width];
        for (value, (position, kind)) in word.iter_mut().zip(position.iter().zip(&kind)) {
            *value = -(position + kind);
        }
    });
    // The embeddings have gradients, and stay as they are.
    let groups = "train.groups=[{name=\"encoder.embedding\", learning_rate=0.0}, {name=\"encoder.token_types\", \
                  learning_rate=0.0}, {name=\"encoder.input.positions*\", learning_rate=0.0}]";
    let sets = ["train.steps=72", groups, "train.spike=3.0", "train.on_divergence=\"skip\""];
    poisoned.tune("run", false, &sets).unwrap();
    let log = poisoned.log("run");
    let skipped = diverged(&log);
    // Spikes are looked for after 50 steps; an epoch has six.
    assert!((3..=4).contains(&skipped.len()), "{skipped:?}");
    for entry in skipped {
        let symptom = entry["diverged"].as_str().unwrap();
        assert!(symptom.starts_with("the gradient's norm is "), "{symptom}");
        assert!(entry["step"].as_u64().unwrap() > 50);
        assert_names_batch(entry, &poisoned.messages);
    }
    assert!(losses(&log).values().all(|loss| *loss < 3.0), "{log:?}");
}

#[test]
fn a_run_with_too_high_a_rate_goes_back_with_lower_ones_and_recovers() {
    let mut poisoned = Poisoned::new();
    // Decoupled decay multiplies the weights by 1 − peak · decay = −19 in each step, until the loss overflows. After four times half
    // the rate the factor is −0.25.
    let (peak, decay) = (1e-2, "train.weight_decay=2000.0");
    let sets = [
        "model.preset=\"tiny\"",
        "tokenizer.vocab_size=60",
        "train.optimizer=\"adamw\"",
        "train.peak=1e-2",
        decay,
        "train.steps=120",
        "train.checkpoint_every=3",
        "train.on_divergence=\"rollback\"",
    ];
    poisoned.train("run", false, &sets).unwrap();
    let back: Vec<&String> =
        poisoned.messages.iter().filter(|message| message.contains("back to step")).collect();
    let factors = ["0.5", "0.25", "0.125", "0.0625"];
    assert_eq!(back.len(), factors.len(), "{back:?}");
    for (message, factor) in back.iter().zip(factors) {
        let rate = format!("with {factor} times the learning rate");
        assert!(message.contains(&rate) && message.contains("training examples"), "{message}");
    }
    let log = poisoned.log("run");
    let losses = losses(&log);
    assert!(losses.keys().copied().eq(1..=120), "every step is in the log once");
    let entry = *diverged(&log).last().unwrap();
    assert_eq!(entry["remedy"], "rolled back");
    assert_eq!(entry["learning_rate_factor"], 0.0625);
    assert_eq!(entry["examples"].as_array().unwrap().len(), 4);
    assert!(entry["diverged_step"].as_u64() >= entry["step"].as_u64());
    let rate = |step: u64| {
        let at =
            log.iter().find(|entry| entry["step"] == step && entry["gradient_norm"].is_number());
        at.unwrap()["learning_rate"].as_f64().unwrap()
    };
    assert_eq!((rate(1), rate(120)), (peak, peak * 0.0625));
    assert!(losses[&120] < 1.0, "the weights are small again: {}", losses[&120]);
}
