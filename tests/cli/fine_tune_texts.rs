//! Fine-tuned classifiers and language models: the settings that they keep from the pretrained directory.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::harness::{Folder, json as read, set_json};

/// Copies a folder recursively.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A folder with a sentence encoder in `model`, and texts.
fn sentences() -> Folder {
    let folder = Folder::with_toy_corpus();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    copy(&fixtures.join("sentences-tiny"), &folder.path("model"));
    folder.write("labelled.tsv", "good\tthe song was lovely\nbad\tan awful meal\n".repeat(4));
    folder.write("text.txt", "the cat sat on the mat. the dog ran in the fog.\n".repeat(20));
    folder
}

/// A recipe that fine-tunes `model` for one step.
fn recipe(task: &str, file: &str, more: &str) -> String {
    format!(
        "task = \"{task}\"\ninit = \"model\"\n[data]\ntrain = \"{file}\"\nvalid = \"{file}\"\n{more}\n\
         [train]\nsteps = 1\nbatch_examples = 2\nschedule = \"constant\"\npeak = 0.0\n"
    )
}

/// Asserts that files are identical, byte for byte, in the pretrained and the saved directory.
#[track_caller]
fn assert_kept(folder: &Folder, names: &[&str]) {
    for name in names {
        let of = |dir: &str| fs::read(folder.path(dir).join(name)).unwrap_or_default();
        assert!(!of("model").is_empty() && of("model") == of("run/model"), "{name} was not kept");
    }
}

const SENTENCE_FILES: [&str; 5] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
];

#[test]
fn a_classifier_keeps_the_applicable_settings_of_its_sentence_encoder() {
    let folder = sentences();
    let more = json!({
        "problem_type": "multi_label_classification", "finetuning_task": "sst2", "mine": [1, 2],
        "id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"a": 0, "b": 1, "c": 2},
    });
    set_json(&folder.path("model/config.json"), more);
    folder.write("classify.toml", recipe("classify", "labelled.tsv", ""));
    folder.told(&["train", "classify.toml", "--out", "run"]);
    assert_kept(&folder, &SENTENCE_FILES);
    let config = read(&folder.path("run/model/config.json"));
    assert_eq!(config["id2label"], json!({ "0": "bad", "1": "good" }), "labels from the recipe");
    assert_eq!(config["label2id"], json!({ "bad": 0, "good": 1 }));
    assert_eq!(config["problem_type"], "single_label_classification");
    assert_eq!(config["architectures"], json!(["BertForSequenceClassification"]));
    assert_eq!(config["mine"], json!([1, 2]));
    assert!(config.get("finetuning_task").is_none() && config.get("dtype").is_none(), "{config}");
    // No weights have changed, so the embeddings are the same.
    let vectors = |model: &str| folder.ok(&["embed", "--model", model, "the song was lovely"]);
    assert_eq!(vectors("model"), vectors("run"));
}

#[test]
fn a_masked_language_model_keeps_tokenizer_and_pooling() {
    let folder = sentences();
    folder.write("masked.toml", recipe("masked-lm", "text.txt", "context = 16"));
    folder.told(&["train", "masked.toml", "--out", "run"]);
    assert_kept(&folder, &SENTENCE_FILES);
    let config = read(&folder.path("run/model/config.json"));
    assert_eq!(config["architectures"], json!(["BertForMaskedLM"]));
}

#[test]
fn a_language_model_keeps_its_generation_options_and_chat_template() {
    let folder = sentences();
    folder.write(
        "language-model.toml",
        recipe("language-model", "text.txt", "context = 16").replace("init = \"model\"\n", "")
            + "[tokenizer]\nkind = \"char\"\n[model]\npreset = \"tiny\"\nn_layers = 1\n",
    );
    folder.told(&["train", "language-model.toml", "--out", "scratch"]);
    fs::remove_dir_all(folder.path("model")).unwrap();
    copy(&folder.path("scratch/model"), &folder.path("model"));
    let template = "{% for message in messages %}{{ message.content }}{% endfor %}";
    folder.write("model/chat_template.jinja", template);
    let search = json!({
        "do_sample": true, "temperature": 0.6, "top_p": 0.9, "eos_token_id": [1, 2],
        "repetition_penalty": 1.05, "assistant_early_exit": 4,
    });
    set_json(&folder.path("model/generation_config.json"), search);
    let keys = json!({ "model_max_length": 77, "padding_side": "left" });
    set_json(&folder.path("model/tokenizer_config.json"), keys);
    folder.write("tune.toml", recipe("language-model", "text.txt", "context = 16"));
    folder.told(&["train", "tune.toml", "--out", "run"]);
    let kept = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];
    assert_kept(&folder, &kept);
    let search = |dir: &str| read(&folder.path(dir).join("generation_config.json"));
    assert_eq!(search("model"), search("run/model"));
}
