//! What recipes train with: optimizers, groups, averages, lengths. Each run is compared with one that was resumed.

use std::fs;
use std::path::Path;

use crosshead::weights::TensorSource;

use crate::harness::{Folder, assert_names, files};

/// Options of a run, as arguments.
fn sets(options: &[&str]) -> Vec<String> {
    options.iter().flat_map(|option| ["--set".to_owned(), (*option).to_owned()]).collect()
}

fn train(folder: &Folder, out: &str, options: &[&str], more: &[&str]) {
    let sets = sets(options);
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    folder.train(out, &[&sets, more].concat());
}

/// Asserts that two runs have the same files, without those that contain times.
#[track_caller]
fn assert_same(folder: &Folder, one: &str, other: &str, options: &[&str]) {
    for name in ["checkpoints/12/weights.safetensors", "checkpoints/12/optimizer.safetensors"] {
        let read = |run: &str| fs::read(folder.path(run).join(name)).unwrap();
        assert!(read(one) == read(other), "{name} differs with {options:?}");
    }
    let model = |run: &str| fs::read(folder.path(run).join("model/model.safetensors")).unwrap();
    assert!(model(one) == model(other), "the models differ with {options:?}");
}

#[test]
fn every_optimizer_resumes_with_the_same_bitwise_result() {
    let folder = Folder::with_toy_corpus();
    for optimizer in ["adamw", "sgd", "lion", "adafactor", "muon"] {
        let optimizer = format!("train.optimizer={optimizer}");
        let options = [optimizer.as_str(), "train.peak=1e-3", "train.schedule=constant"];
        let [whole, part] = ["whole", "part"].map(|run| format!("{run}-{optimizer}"));
        train(&folder, &whole, &options, &[]);
        train(&folder, &part, &[&options[..], &["train.steps=6"]].concat(), &[]);
        train(&folder, &part, &options, &["--resume"]);
        assert_same(&folder, &whole, &part, &options);
    }
}

#[test]
fn options_resume_together_with_the_same_bitwise_result() {
    let folder = Folder::with_toy_corpus();
    let groups = "train.groups=[{name=\"*.bias\", learning_rate=0.5}, {name=\"embedding\", weight_decay=0.1}]";
    let shared = [groups, "train.layer_decay=0.8", "train.spike=3", "train.on_divergence=skip"];
    let muon = ["train.optimizer=muon", "train.ema=0.9", "train.schedule=constant-with-warmup"];
    let average = ["train.average=2", "train.average_of=best", "train.schedule=plateau"];
    for own in [muon, average] {
        let options = [&shared[..], &own, &["train.validate_every=3"]].concat();
        let [whole, part] = ["whole", "part"].map(|run| format!("{run}-{}", own[0]));
        train(&folder, &whole, &options, &[]);
        // A run that is stopped and resumed until it ends.
        let short = [&options[..], &["train.max_time=0.000001s"]].concat();
        train(&folder, &part, &short, &[]);
        for _ in 0..10 {
            train(&folder, &part, &short, &["--resume"]);
        }
        assert!(!folder.path(&part).join("checkpoints/12").exists(), "a step for each process");
        train(&folder, &part, &short, &["--resume"]);
        assert_same(&folder, &whole, &part, &options);
    }
}

#[test]
fn an_ema_and_an_average_are_saved_as_the_model() {
    let folder = Folder::with_toy_corpus();
    train(&folder, "plain", &[], &[]);
    train(&folder, "ema", &["train.ema=0.5"], &[]);
    train(&folder, "average", &["train.average=3"], &[]);
    let weights = |run: &str, name: &str| fs::read(folder.path(run).join(name)).unwrap();
    let last = "checkpoints/12/weights.safetensors";
    assert!(weights("plain", last) == weights("ema", last), "an EMA does not change the steps");
    assert!(weights("plain", last) == weights("average", last));
    let model = "model/model.safetensors";
    assert!(weights("plain", model) != weights("ema", model));
    let log = fs::read_to_string(folder.path("average/log.jsonl")).unwrap();
    assert_names(&log, &["\"weights\":\"average\"", "\"averaged_steps\":[4,8,12]"]);
    let snapshots = files(&folder.path("average/snapshots"));
    assert_eq!(snapshots.len(), 3, "{snapshots:?}");
}

/// The tensors of a model file.
fn tensors(path: &Path) -> Vec<(String, Vec<f32>)> {
    let source = TensorSource::open(path).unwrap();
    let names: Vec<String> = source.names().map(str::to_owned).collect();
    let read = |name: String| {
        let values = source.read(&name).unwrap().try_to_vec::<f32>().unwrap();
        (name, values)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn average_writes_the_mean_of_checkpoints_and_of_models() {
    let folder = Folder::with_toy_corpus();
    train(&folder, "run", &["train.keep=3", "train.validate_every=12"], &[]);
    train(&folder, "other", &["train.peak=1e-3"], &[]);
    folder.ok(&["average", "run/checkpoints/8", "run/checkpoints/12", "--out", "steps"]);
    folder.ok(&["average", "run", "other/model", "-o", "models"]);
    let all = ["models", "run/model", "other/model"].map(|dir| tensors(&folder.path(dir)));
    let [mean, one, other] = &all;
    assert_eq!((mean.len(), mean.len()), (one.len(), other.len()));
    for ((mean, one), other) in mean.iter().zip(one).zip(other) {
        assert_eq!((&mean.0, &mean.0), (&one.0, &other.0));
        for ((mean, one), other) in mean.1.iter().zip(&one.1).zip(&other.1) {
            let expected = (f64::from(*one) + f64::from(*other)) / 2.0;
            assert!(*mean == expected as f32, "{mean}, not {expected}");
        }
    }
    // The only validation was at step 12.
    folder.ok(&["average", "run/checkpoints/12", "run/checkpoints/12", "-o", "same"]);
    assert!(tensors(&folder.path("same")) == tensors(&folder.path("run/model")));
    assert!(!folder.ok(&["translate", "--model", "steps", "one two"]).is_empty());
    assert!(folder.path("steps/recipe.toml").is_file());
}

#[test]
fn models_that_differ_are_not_averaged() {
    let folder = Folder::with_toy_corpus();
    train(&folder, "run", &[], &[]);
    train(&folder, "wide", &["model.d_ff=96"], &[]);
    let differs = folder.fails(&["average", "run", "wide", "-o", "out"]);
    assert_names(&differs, &["wide", "config.json", "ffn_dim"]);
    assert!(!folder.path("out").exists());
    assert_names(&folder.fails(&["average", "run", "run", "-o", "run"]), &["already exists"]);
    assert_names(&folder.fails(&["average", "run", "none", "-o", "out"]), &["none"]);
}

#[test]
fn a_length_in_epochs_is_resolved_once_and_resumes() {
    let folder = Folder::with_toy_corpus();
    let recipe = fs::read_to_string(folder.path("tiny.toml")).unwrap();
    folder.write("tiny.toml", recipe.replace("steps = 12", "epochs = 2"));
    let told = folder.told(&["train", "tiny.toml", "--out", "run"]);
    assert_names(&told, &["length: ", " steps (", "batches"]);
    let written = fs::read_to_string(folder.path("run/recipe.toml")).unwrap();
    assert_names(&written, &["epochs = 2.0", "[train.resolved]\nepoch = "]);
    assert!(!written.contains("\n[train]\nsteps"), "{written}");
    let last = || {
        let log = fs::read_to_string(folder.path("run/log.jsonl")).unwrap();
        let line = log.lines().next_back().unwrap().to_owned();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["step"].as_u64().unwrap()
    };
    let two = last();
    assert_names(&written, &[&format!("steps = {two}")]);
    folder.train("run", &["--resume"]);
    assert_eq!(last(), two, "it is finished");
    folder.train("run", &["--resume", "--set", "train.epochs=3"]);
    assert_eq!(last(), two / 2 * 3);
    // An argument replaces the key of the recipe, another key beside it is an error.
    folder.train("steps", &["--set", "train.steps=3"]);
    folder.write("both.toml", recipe.replace("steps = 12", "epochs = 2\nsteps = 12"));
    let both = folder.fails(&["train", "both.toml", "--out", "both"]);
    assert_names(&both, &["train.epochs", "steps", "not both"]);
}

#[test]
fn keys_that_are_not_used_and_patterns_that_match_nothing_are_errors() {
    let folder = Folder::with_toy_corpus();
    let error = |option: &str, more: &[&str]| {
        let args = ["train", "tiny.toml", "--out", "run", "--set", option];
        folder.fails(&[&args, more].concat())
    };
    let momentum = error("train.momentum=0.9", &[]);
    assert_names(&momentum, &["train.momentum", "`adam` does not use it", "sgd, muon"]);
    let power = error("train.power=2", &[]);
    assert_names(&power, &["train.power", "`inverse-square-root` does not use it", "polynomial"]);
    let pattern = error("train.groups=[{name=\"head.*\"}]", &[]);
    assert_names(&pattern, &["train.groups", "`head.*` matches no parameter", "such as"]);
    let key = error("train.groups=[{name=\"*\", rate=2.0}]", &[]);
    assert_names(&key, &["train.groups", "rate"]);
    assert_names(&error("train.max_time=soon", &[]), &["train.max_time", "10m"]);
    let both = error("train.ema=0.9", &["--set", "train.average=2"]);
    assert_names(&both, &["train.average", "either ema or average"]);
    assert_names(&error("train.spike=0.5", &[]), &["train.spike", "greater than 1"]);
    assert_names(&error("train.epochs=0", &[]), &["train.epochs", "greater than 0"]);
}
