//! Fine-tuned translators: the settings that they keep from the pretrained directory, and their languages.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Folder, assert_names, json as read, set_json};
use crate::translators::assemble;

/// A recipe that does not change any weights, so the saved model must behave like the pretrained one.
const STILL: &str = r#"
task = "translate"
init = "model"

[data]
train = "pairs.tsv"
valid = "pairs.tsv"
max_len = 16

[train]
steps = 1
batch_tokens = 100
schedule = "constant"
peak = 0.0
select = "loss"
"#;

/// A folder with a model saved by transformers and a recipe that fine-tunes it; also returns the translations of
/// transformers.
fn still(name: &str) -> (Folder, Value) {
    let (folder, expected) = assemble(name);
    folder.write("still.toml", STILL);
    folder
        .write("pairs.tsv", "the cat\tthe house\na house\tnot now\nin the morning\tshe is here\n");
    (folder, expected)
}

fn train(folder: &Folder, sets: &[&str]) -> String {
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    folder
        .told(&["train", "still.toml", "--out", "run"].into_iter().chain(sets).collect::<Vec<_>>())
}

/// The languages and the prefix of a model's expected translations, as recipe keys.
fn languages(expected: &Value) -> Vec<String> {
    let keys = [("from", "source_lang"), ("to", "target_lang"), ("prefix", "prefix")];
    let set = |(key, name)| Some(format!("data.{name}={}", expected[key].as_str()?));
    keys.into_iter().filter_map(set).collect()
}

#[test]
fn a_model_fine_tuned_for_a_language_pair_translates_it_by_default_like_transformers() {
    for name in ["marian", "mbart", "mbart50", "m2m100", "t5"] {
        let (folder, expected) = still(name);
        let sets = languages(&expected);
        assert!(!sets.is_empty(), "{name}");
        train(&folder, &sets.iter().map(String::as_str).collect::<Vec<_>>());
        let pairs = expected["translations"].as_array().unwrap();
        let side = |i: usize| pairs.iter().map(move |pair| pair[i].as_str().unwrap());
        let args = ["translate", "--model", "run", "--no-loop-guard"];
        let args: Vec<&str> = args.into_iter().chain(side(0)).collect();
        let found = folder.ok(&args);
        assert_eq!(found.lines().collect::<Vec<_>>(), side(1).collect::<Vec<_>>(), "{name}");
        let saved = fs::read(folder.path("run/model/model.safetensors")).unwrap();
        let config = read(&folder.path("run/model/config.json"));
        let family = &read(&folder.path("model/config.json"))["model_type"];
        assert_eq!(&config["model_type"], family);
        assert!(!saved.is_empty());
    }
}

#[test]
fn the_languages_of_a_recipe_are_saved_where_transformers_reads_them() {
    let (folder, expected) = still("m2m100");
    train(&folder, &["data.source_lang=en", "data.target_lang=zu"]);
    assert_eq!((&expected["from"], &expected["to"]), (&json!("en"), &json!("zu")));
    let tokenizer = read(&folder.path("run/model/tokenizer_config.json"));
    assert_eq!((&tokenizer["src_lang"], &tokenizer["tgt_lang"]), (&json!("en"), &json!("zu")));
    let ids = read(&folder.path("run/model/generation_config.json"));
    let pretrained = read(&folder.path("model/generation_config.json"));
    assert!(ids["forced_bos_token_id"].is_u64() && pretrained["forced_bos_token_id"].is_null());
}

#[test]
fn generation_options_of_the_pretrained_model_are_kept_unless_the_recipe_sets_them() {
    let (folder, _) = still("mbart50");
    let path = folder.path("model/generation_config.json");
    let more = json!({
        "forced_bos_token_id": 7, "bad_words_ids": [[9], [10, 11]], "no_repeat_ngram_size": 3,
        "length_penalty": 0.6, "num_beams": 5, "typical_p": 0.9, "watermarking_config": {"a": [1]},
    });
    set_json(&path, more);
    set_json(
        &folder.path("model/config.json"),
        json!({ "task_specific_params": {"t": {"num_beams": 2}}, "mine": 1, "dtype": "bfloat16" }),
    );
    let pretrained = read(&path);
    train(&folder, &[]);
    assert_eq!(read(&folder.path("run/model/generation_config.json")), pretrained);
    let recipe = fs::read_to_string(folder.path("run/recipe.toml")).unwrap();
    assert_names(&recipe, &["beams = 5", "length_penalty = 0.6", "prefix = \"\"", "keep = 2"]);
    let config = read(&folder.path("run/model/config.json"));
    assert_eq!(config["task_specific_params"], json!({"t": {"num_beams": 2}}));
    assert_eq!((&config["mine"], &config["model_type"]), (&json!(1), &json!("mbart")));
    assert!(config.get("dtype").is_none(), "the weights are saved in 32 bits: {config}");

    fs::remove_dir_all(folder.path("run")).unwrap();
    train(&folder, &["decode.beams=2"]);
    let mut expected = pretrained;
    expected["num_beams"] = json!(2);
    assert_eq!(read(&folder.path("run/model/generation_config.json")), expected);
    let recipe = fs::read_to_string(folder.path("run/recipe.toml")).unwrap();
    assert_names(&recipe, &["beams = 2", "length_penalty = 0.6"]);
}

#[test]
fn generation_options_of_an_older_model_are_read_from_config_json() {
    let (folder, _) = still("t5");
    fs::remove_file(folder.path("model/generation_config.json")).unwrap();
    let old = json!({ "num_beams": 3, "length_penalty": 2.0, "num_return_sequences": 1, "prefix": "say: " });
    set_json(&folder.path("model/config.json"), old);
    train(&folder, &[]);
    let search = read(&folder.path("run/model/generation_config.json"));
    assert_eq!((&search["num_beams"], &search["length_penalty"]), (&json!(3), &json!(2.0)));
    assert_eq!(search["num_return_sequences"], 1);
    let config = read(&folder.path("run/model/config.json"));
    assert!(config.get("num_beams").is_none() && config["prefix"] == "say: ", "{config}");
    let recipe = fs::read_to_string(folder.path("run/recipe.toml")).unwrap();
    assert_names(&recipe, &["prefix = \"say: \"", "beams = 3"]);
    let text =
        |more: &[&str]| folder.ok(&[&["translate", "--model", "run"], more, &["the cat"]].concat());
    assert_eq!(text(&[]), text(&["--prefix", "say: "]));
    assert_ne!(text(&[]), text(&["--prefix", ""]));
}

#[test]
fn a_resumed_run_keeps_its_generation_options() {
    let (folder, _) = still("mbart50");
    train(&folder, &[]);
    set_json(&folder.path("model/generation_config.json"), json!({ "num_beams": 7 }));
    train_more(&folder, "train.steps=2");
    assert_eq!(read(&folder.path("run/model/generation_config.json"))["num_beams"], 4);
}

fn train_more(folder: &Folder, set: &str) -> String {
    folder.told(&["train", "still.toml", "--out", "run", "--resume", "--set", set])
}

#[test]
fn errors_for_languages_name_the_key() {
    let fails = |folder: &Folder, sets: &[&str]| {
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let args = ["train", "still.toml", "--out", "run"].into_iter().chain(sets);
        folder.fails(&args.collect::<Vec<_>>())
    };
    let (t5, _) = still("t5");
    let both = ["data.source_lang=en", "data.target_lang=de"];
    assert_names(&fails(&t5, &both), &["data.source_lang", "no languages", "remove this key"]);
    let (mbart, _) = still("mbart50");
    let unknown = fails(&mbart, &["data.source_lang=en_XX", "data.target_lang=xx"]);
    assert_names(&unknown, &["data.target_lang", "xx", "de_DE"]);
    let alone = fails(&mbart, &["data.target_lang=de_DE"]);
    assert_names(&alone, &["data.source_lang", "missing"]);
    let alone = fails(&mbart, &["data.source_lang=de_DE"]);
    assert_names(&alone, &["data.target_lang", "missing"]);
    let scratch = ["train", "tiny.toml", "--out", "x", "--set", "data.target_lang=de"];
    assert_names(&mbart.fails(&scratch), &["data.target_lang", "pretrained"]);
}

#[test]
fn a_model_trained_from_scratch_uses_the_prefix_of_its_recipe() {
    let folder = Folder::with_toy_corpus();
    folder.train("run", &["--set", "data.prefix=to German: "]);
    assert_eq!(read(&folder.path("run/model/config.json"))["prefix"], "to German: ");
    let text = |more: &[&str]| {
        folder.ok(&[&["translate", "--model", "run", "--json"], more, &["one two"]].concat())
    };
    assert_eq!(text(&[]), text(&["--prefix", "to German: "]));
    assert_ne!(text(&[]), text(&["--prefix", ""]));
}
