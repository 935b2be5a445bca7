//! Exact resumption, with options in any combination.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::{folder, run};
use crate::Recipe;

/// Values of keys, of which a run has one.
type Choices = &'static [&'static [&'static str]];

const OPTIMIZERS: Choices = &[
    &["optimizer=adam"],
    &["optimizer=adamw", "decay_on=all"],
    &["optimizer=sgd", "nesterov=true"],
    &["optimizer=lion"],
    &["optimizer=adafactor"],
    &["optimizer=adafactor", "adafactor_scale=absolute"],
    &["optimizer=muon"],
    &["optimizer=muon", "nesterov=false"],
];

const SCHEDULES: Choices = &[
    &["schedule=constant"],
    &["schedule=constant-with-warmup", "warmup=3"],
    &["schedule=inverse-square-root", "warmup=2"],
    &["schedule=linear", "warmup_share=0.3"],
    &["schedule=polynomial", "warmup_tokens=60"],
    &["schedule=cosine", "warmup=2"],
    &["schedule=cosine-restarts", "cycles=2"],
    &["schedule=warmup-stable-decay", "cooldown_share=0.4"],
    &["schedule=plateau", "plateau_patience=1", "plateau_threshold=10.0"],
];

const AVERAGES: Choices = &[&[], &["ema=0.8"], &["average=2"], &["average=3", "average_of=best"]];

const LOSSES: Choices = &[
    &[],
    &["r_drop=2.0"],
    &["z_loss=1e-3", "r_drop=1.0"],
    &["label_smoothing=0.2", "smoothing_over=others", "z_loss=1e-3"],
];

const BATCHES: Choices = &[
    &["batch_examples=4"],
    &["batch_examples=3", "accumulate=3"],
    &["batch_tokens=50", "accumulate=2"],
    &["batch_examples=5", "gradient_checkpointing=true"],
    &["batch_examples=2", "accumulate=2", "gradient_checkpointing=true"],
];

const PARAMETERS: Choices = &[
    &[],
    &["layer_decay=0.7"],
    &["groups=[{name=\"*.bias\", learning_rate=0.5}, {name=\"*norm*\", weight_decay=0.1}]"],
    &["layer_decay=0.9", "groups=[{name=\"*.weight\", learning_rate=2.0, weight_decay=0.0}]"],
];

const INTERVALS: Choices = &[
    &["validate_every=1", "checkpoint_every=100"],
    &["validate_every=3", "checkpoint_every=2"],
    &["validate_every=2", "checkpoint_every=\"epoch\"", "keep=1"],
];

const GUARDS: Choices =
    &[&[], &["on_divergence=skip", "spike=1.5"], &["on_divergence=rollback", "max_norm=0.0"]];

/// What a run trains.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Base {
    /// All parameters, from scratch.
    Scratch,
    /// All but some parameters of a pretrained model.
    Frozen,
    /// An adapter of a pretrained model.
    Lora,
}

/// A run and the step after which it is interrupted.
#[derive(Debug)]
struct Case {
    task: &'static str,
    base: Base,
    dropout: bool,
    train: Vec<&'static str>,
    stop: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let options = (
        select(OPTIMIZERS),
        select(SCHEDULES),
        select(AVERAGES),
        select(LOSSES),
        select(BATCHES),
        select(PARAMETERS),
        select(INTERVALS),
        select(GUARDS),
    );
    let bases = select(&[Base::Scratch, Base::Frozen, Base::Lora][..]);
    let tasks = select(&["translate", "classify"][..]);
    (options, bases, tasks, any::<bool>(), 1_u64..7).prop_map(
        |((a, b, c, d, e, f, g, h), base, task, dropout, stop)| {
            let train = [a, b, c, d, e, f, g, h].concat();
            Case { task, base, dropout: dropout && task == "translate", train, stop }
        },
    )
}

impl Case {
    /// The recipe, with data in a folder.
    fn recipe(&self, folder: &Path, base: Option<&Path>) -> Recipe {
        let data = if self.task == "translate" { "pairs.tsv" } else { "labelled.tsv" };
        let data = folder.join(data).display().to_string();
        let text = format!(
            "task = \"{}\"\n[data]\ntrain = \"{data}\"\nvalid = \"{data}\"\n[train]\nsteps = 7\npeak = 2e-3\n",
            self.task
        );
        let mut sets = self.own(base.is_some());
        sets.extend((self.task == "translate").then(|| "data.max_len=32".to_owned()));
        match base {
            None => {
                let shape = ["model.preset=tiny", "model.max_len=32", "tokenizer.vocab_size=60"];
                sets.extend(shape.map(str::to_owned));
            }
            Some(model) => sets.push(format!("init={}", model.display())),
        }
        let recipe = Recipe::parse("test", &text, &sets);
        recipe.unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    /// The keys of the case; a base model has none of them.
    fn own(&self, has_base: bool) -> Vec<String> {
        let mut sets = Vec::new();
        if self.base == Base::Scratch || has_base {
            sets.extend(self.train.iter().map(|set| format!("train.{set}")));
            sets.extend(self.dropout.then(|| "tokenizer.dropout=0.3".to_owned()));
        }
        match self.base {
            Base::Lora if has_base => {
                sets.extend(["lora.rank=2", "lora.dropout=0.2"].map(str::to_owned));
            }
            Base::Frozen if has_base => sets.push("train.freeze=[\"*embedding*\"]".to_owned()),
            Base::Scratch | Base::Frozen | Base::Lora => {}
        }
        sets
    }
}

/// The files of a run that do not contain times or names of the run, and the log without times.
fn results(run: &Path) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<Value>) {
    let mut found = BTreeMap::new();
    let mut folders = vec![run.join("model"), run.join("checkpoints"), run.join("snapshots")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.ends_with("state.json") => {}
                false => {
                    let name = path.strip_prefix(run).unwrap().to_owned();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    let log = fs::read_to_string(run.join("log.jsonl")).unwrap();
    let entries = log.lines().map(|line| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        entry.as_object_mut().unwrap().remove("seconds");
        entry
    });
    (found, entries.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_with_any_options_resumes_exactly(case in cases()) {
        let folder = folder();
        let path = folder.path();
        let base = (case.base != Base::Scratch)
            .then(|| run(&folder, "base", &case.recipe(path, None), None).model);
        let recipe = case.recipe(path, base.as_deref());
        run(&folder, "whole", &recipe, None);
        run(&folder, "parts", &recipe, Some(case.stop));
        let [(whole, log), (parts, log_of_parts)] = ["whole", "parts"].map(|dir| results(&path.join(dir)));
        prop_assert!(whole.keys().any(|name| name.ends_with("7/optimizer.safetensors")));
        // The run that was stopped has one more checkpoint, which may still be kept.
        for (name, bytes) in &whole {
            if let Some(found) = parts.get(name) {
                prop_assert!(found == bytes, "{} differs", name.display());
            } else {
                let is_old = name.starts_with("checkpoints") && !name.starts_with("checkpoints/7");
                prop_assert!(is_old, "{} is missing", name.display());
            }
        }
        prop_assert_eq!(log, log_of_parts);
    }
}
