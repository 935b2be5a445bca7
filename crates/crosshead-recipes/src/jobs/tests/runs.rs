//! Whole runs of two steps.

use std::collections::BTreeMap;

use burn::tensor::{Device, TensorData};
use crosshead_models::{ComputeType, EncoderDecoder, SequenceClassifier};
use crosshead_tasks::model_files;
use crosshead_weights::parameters;
use tempfile::TempDir;

use super::{Messages, folder, recipe};
use crate::host::{Host, NoAssets, Stop};
use crate::recipe::BatchTokens;
use crate::report::Report;
use crate::{Compute, Recipe, RunError, Summary, TaskKind, evaluate, train};

fn run(folder: &TempDir, recipe: &Recipe) -> Result<Summary, RunError> {
    let mut events = Messages::default();
    let host = Host { assets: &NoAssets, events: &mut events, stop: Stop::default() };
    let dir = folder.path().join("run");
    Ok(train(recipe, &dir, false, &Device::flex(), host)?.expect("no one stops the run"))
}

#[test]
fn every_task_runs_and_its_model_is_evaluated_on_a_file() {
    for task in TaskKind::ALL {
        let folder = folder();
        let recipe = recipe(&folder, task.name(), &[]).unwrap();
        let Summary { model, test, .. } = run(&folder, &recipe).unwrap();
        assert!(test.is_none(), "{task}: the recipe names no test data");
        let file = match &recipe {
            Recipe::TextToText(recipe) => recipe.data.valid.clone(),
            Recipe::Classify(recipe) => recipe.data.valid.clone(),
            Recipe::TokenClassify(recipe) => recipe.data.valid.clone(),
            Recipe::Embed(recipe) => recipe.data.valid.clone(),
            Recipe::LanguageModel(recipe) => recipe.data.valid.clone(),
            Recipe::MaskedLm(recipe) => recipe.data.valid.clone(),
            Recipe::SpanCorruption(recipe) => recipe.data.valid.clone(),
        };
        let mut prepared = 0;
        let report: Report = evaluate(
            &recipe,
            &model_files(&model, None).unwrap(),
            &file,
            |engine| {
                prepared += 1;
                Ok(engine)
            },
            Compute { device: &Device::flex(), compute_type: ComputeType::Auto },
            &NoAssets,
            &mut Messages::default(),
        )
        .unwrap();
        assert!(!report.metrics.is_empty(), "{task}");
        assert_eq!(prepared, usize::from(matches!(recipe, Recipe::TextToText(_))), "{task}");
    }
}

#[test]
fn the_length_of_the_source_limits_the_outputs_of_tests_and_evaluations() {
    let folder = folder();
    let pairs = folder.path().join("pairs.tsv").display().to_string();
    let test = format!("data.test={pairs}");
    let sets = [test.as_str(), "decode.max_length_ratio=0.01", "decode.max_length_offset=1"];
    let limited = recipe(&folder, "translate", &sets).unwrap();
    let Summary { model, test, .. } = run(&folder, &limited).unwrap();
    let report = |recipe: &Recipe| {
        evaluate(
            recipe,
            &model_files(&model, None).unwrap(),
            &pairs,
            Ok,
            Compute { device: &Device::flex(), compute_type: ComputeType::Auto },
            &NoAssets,
            &mut Messages::default(),
        )
        .unwrap()
    };
    let longest = |report: &Report| {
        let texts = report.samples.iter().flatten().filter(|(name, _)| *name == "translation");
        texts.map(|(_, text)| text.chars().count()).max().unwrap()
    };
    let free = longest(&report(&recipe(&folder, "translate", &[]).unwrap()));
    let (tested, evaluated) = (longest(&test.unwrap()), longest(&report(&limited)));
    assert_eq!(tested, evaluated);
    assert!(tested < free, "{tested} characters with a limit of 2 tokens, {free} without");
}

/// The parameters that differ between a run's model and the one that it started from, by name.
fn trained(
    before: &BTreeMap<String, TensorData>,
    after: &BTreeMap<String, TensorData>,
) -> Vec<String> {
    assert!(before.keys().eq(after.keys()));
    before.keys().filter(|name| before[*name] != after[*name]).cloned().collect()
}

#[test]
fn frozen_parameters_do_not_change() {
    let folder = folder();
    let sets = ["train.freeze=[\"encoder.*\", \"*.bias\"]", "train.warmup=1"];
    let Recipe::TextToText(sections) = recipe(&folder, "translate", &sets).unwrap() else {
        panic!("translation is text to text")
    };
    let model = run(&folder, &Recipe::TextToText(sections.clone())).unwrap().model;
    let after = EncoderDecoder::from_pretrained(&model, &Device::flex()).unwrap();
    let config = sections.model.encoder_decoder(after.config().vocab_size);
    let before = config.init(sections.train.seed, &Device::flex());
    let trained = trained(&parameters::read(&before), &parameters::read(&after));
    assert!(trained.iter().any(|name| name.starts_with("decoder.")), "{trained:?}");
    for name in &trained {
        assert!(!name.starts_with("encoder.") && !name.ends_with(".bias"), "{name} is frozen");
    }
}

#[test]
fn a_pattern_that_matches_no_parameter_is_an_error() {
    let folder = folder();
    let recipe =
        recipe(&folder, "translate", &["train.freeze=[\"encoder.*\", \"head.*\"]"]).unwrap();
    match run(&folder, &recipe).unwrap_err() {
        RunError::Key { key, reason } => {
            assert_eq!(key, "train.freeze");
            assert!(reason.contains("`head.*`"), "{reason}");
        }
        error => panic!("{error}"),
    }
}

#[test]
fn a_classifier_has_the_labels_of_its_training_texts_or_their_names() {
    for (sets, expected) in [
        (vec![], ["bad", "good"]),
        (vec!["data.labels=[\"good\", \"bad\"]"], ["good", "bad"]),
        (vec!["data.names=[\"no\", \"yes\"]"], ["no", "yes"]),
    ] {
        let folder = folder();
        let recipe = recipe(&folder, "classify", &sets).unwrap();
        let model = run(&folder, &recipe).unwrap().model;
        let model = SequenceClassifier::from_pretrained(&model, &Device::flex()).unwrap();
        assert_eq!(model.labels(), expected);
    }
}

#[test]
fn a_run_is_resumed_only_with_its_own_recipe() {
    let folder = folder();
    run(&folder, &recipe(&folder, "classify", &[]).unwrap()).unwrap();
    let resume = |sets: &[&str]| {
        let mut events = Messages::default();
        let host = Host { assets: &NoAssets, events: &mut events, stop: Stop::default() };
        let recipe = recipe(&folder, "classify", sets).unwrap();
        train(&recipe, &folder.path().join("run"), true, &Device::flex(), host)
    };
    let message = resume(&["train.seed=2"]).unwrap_err().to_string();
    assert!(message.contains("train.seed is 1 in the run and 2 here"), "{message}");
    assert!(resume(&["train.steps=3"]).unwrap().is_some());
}

#[cfg(target_os = "linux")]
#[test]
fn a_batch_size_that_fits_the_memory_is_determined_once_and_written_to_the_recipe() {
    let folder = folder();
    let asked = recipe(&folder, "translate", &[]).unwrap();
    let asked = asked.to_toml().replace("batch_examples = 4", "batch_tokens = \"auto\"");
    let asked = Recipe::parse("test", &asked, &[]).unwrap();
    run(&folder, &asked).unwrap();
    let dir = folder.path().join("run");
    let used = Recipe::from_file(&dir.join("recipe.toml"), &[]).unwrap();
    // The corpus is so small that its smallest batch is the limit.
    assert_eq!(used.train().batch_tokens, Some(BatchTokens::Tokens(500)));
    // The run continues with the same recipe, without another search.
    let mut events = Messages::default();
    let host = Host { assets: &NoAssets, events: &mut events, stop: Stop::default() };
    train(&asked, &dir, true, &Device::flex(), host).unwrap();
    assert!(!events.0.iter().any(|message| message.contains("batch_tokens")), "{:?}", events.0);
}
