//! Detecting the task of a model directory.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{CausalLmConfig, GenerationDefaults, ModelConfig, presets, set_config_keys};
use crosshead_models::{ModelError, TokenClassifier};
use crosshead_tasks::{ModelTask, Task, TaskError, open};
use serde_json::json;
use tempfile::TempDir;

use crate::tiny::{
    bpe, classifier, encoder, encoder_decoder, masked_lm, with_tokenizer, word_piece,
};

/// Saves an encoder-decoder as the model of a run directory.
fn run_of_encoder_decoder() -> TempDir {
    let run = tempfile::tempdir().unwrap();
    let tokenizer = bpe();
    encoder_decoder(&tokenizer)
        .save_pretrained(
            &run.path().join("model"),
            GenerationDefaults::default(),
            with_tokenizer(&tokenizer),
        )
        .unwrap();
    run
}

fn task_of(dir: &Path) -> ModelTask {
    ModelTask::of(dir).unwrap()
}

#[test]
fn an_encoder_decoder_translates_unless_its_recipe_says_summarize() {
    let run = run_of_encoder_decoder();
    assert!(matches!(open(run.path(), &Device::flex()).unwrap(), Task::Translate(_)));
    fs::write(run.path().join("recipe.toml"), "\u{feff}task = \"summarize\"\n").unwrap();
    assert!(matches!(open(run.path(), &Device::flex()).unwrap(), Task::Summarize(_)));
    fs::write(run.path().join("recipe.toml"), "task = \n").unwrap();
    let message = ModelTask::of(run.path()).unwrap_err().to_string();
    assert!(message.contains("recipe.toml") && message.contains("line 1"), "{message}");
}

#[test]
fn the_config_of_an_encoder_decoder_may_say_summarization() {
    let run = run_of_encoder_decoder();
    let model = run.path().join("model");
    for (tasks, expected) in [
        (json!({ "summarization": {} }), ModelTask::Summarization),
        (json!({ "summarization_xsum": {} }), ModelTask::Summarization),
        (json!({ "summarization": {}, "translation_en_to_de": {} }), ModelTask::Translation),
        (json!({ "translation_en_to_de": {} }), ModelTask::Translation),
        (json!(null), ModelTask::Translation),
    ] {
        let keys: Result<(), ModelError> =
            set_config_keys(&model, &[("task_specific_params", tasks.clone())]);
        keys.unwrap();
        assert_eq!(task_of(&model), expected, "{tasks}");
    }
    // The recipe of a run takes precedence over the config of its model.
    set_config_keys(&model, &[("task_specific_params", json!({ "summarization": {} }))]).unwrap();
    fs::write(run.path().join("recipe.toml"), "task = \"translate\"\n").unwrap();
    assert_eq!(task_of(run.path()), ModelTask::Translation);
}

#[test]
fn the_head_of_an_encoder_determines_its_task() {
    let folder = tempfile::tempdir().unwrap();
    let dir = |name: &str| folder.path().join(name);
    let tokenizer = word_piece();
    let added = || with_tokenizer(&tokenizer);
    classifier(&tokenizer).save_pretrained(&dir("classifier"), added()).unwrap();
    masked_lm(&tokenizer).save_pretrained(&dir("masked"), added()).unwrap();
    encoder(&tokenizer).save_pretrained(&dir("encoder"), added()).unwrap();
    TokenClassifier::new(encoder(&tokenizer), 2, 0.0)
        .save_pretrained(&dir("tagger"), added())
        .unwrap();
    let opened = |name: &str| open(dir(name), &Device::flex()).unwrap();
    assert!(matches!(opened("classifier"), Task::Classify(_)));
    assert!(matches!(opened("masked"), Task::FillMask(_)));
    assert!(matches!(opened("encoder"), Task::Embed(_)));
    assert!(matches!(opened("tagger"), Task::TokenClassify(_)));
}

#[test]
fn a_causal_language_model_generates() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = bpe();
    let ModelConfig::CausalLm(base) = presets::find("tiny-causal").unwrap().config() else {
        panic!("the preset is a causal language model")
    };
    let config = CausalLmConfig {
        vocab_size: tokenizer.vocab_size(),
        bos_id: None,
        eos_id: Some(0),
        ..base
    };
    let dir = folder.path().join("causal");
    config
        .init(1, &Device::flex())
        .save_pretrained(&dir, GenerationDefaults::default(), with_tokenizer(&tokenizer))
        .unwrap();
    assert!(matches!(open(&dir, &Device::flex()).unwrap(), Task::Generate(_)));
}

#[test]
fn a_directory_without_a_model_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(open(folder.path(), &Device::flex()), Err(TaskError::NoModel(_))));
    fs::write(folder.path().join("modules.json"), "[]").unwrap();
    assert_eq!(task_of(folder.path()), ModelTask::Embedding);
}
