//! Fine-tuning in one command, adapters and merging.

use std::fs;
use std::path::Path;

use crate::harness::{Folder, assert_names, json as read, set_json};
use crate::translators::assemble;

/// Values that make a run short.
const SHORT: [&str; 6] =
    ["--epochs", "1", "--set", "lora.rank=2", "--set", "train.batch_examples=32"];

/// A folder with a translator in `base`.
fn translator() -> Folder {
    let folder = Folder::with_toy_corpus();
    folder.train("base", &[]);
    folder
}

fn finetune(folder: &Folder, args: &[&str]) -> String {
    folder.told(&[&["finetune"], args].concat())
}

/// The bytes of a file.
fn bytes(folder: &Folder, name: &str) -> Vec<u8> {
    fs::read(folder.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn a_translator_is_tuned_in_one_command() {
    let folder = translator();
    let before = bytes(&folder, "base/model/model.safetensors");
    let told = finetune(
        &folder,
        &[
            &["--model", "base", "--data", "toy.tsv", "--also", "toy.tsv", "--out", "run"],
            &SHORT[..],
        ]
        .concat(),
    );
    assert_names(
        &told,
        &[
            "task: translate",
            "column 1 is the source, column 2 the target",
            "held out: 10 pairs for validation, 10 for the test; 80 are trained on",
            "adapter: ",
        ],
    );
    assert_eq!(bytes(&folder, "base/model/model.safetensors"), before);
    assert!(!folder.path("run/model/model.safetensors").exists());
    let config = read(&folder.path("run/model/adapter_config.json"));
    assert_eq!((&config["peft_type"], &config["r"]), (&"LORA".into(), &2.into()));
    assert!(config["base_model_name_or_path"].as_str().unwrap().ends_with("base/model"));

    // The three ways to use it are one model.
    let text = "three four";
    let alone = folder.ok(&["translate", "--model", "run", "--json", text]);
    let beside = folder.ok(&["translate", "--model", "base", "--adapter", "run", "--json", text]);
    assert_eq!(alone, beside);
    folder.ok(&["merge", "--model", "base", "--adapter", "run", "-o", "merged"]);
    let merged = folder.ok(&["translate", "--model", "merged", "--json", text]);
    assert_eq!(alone, merged);
    let evaluated =
        |model: &str| folder.ok(&["evaluate", "--model", model, "--data", "toy.tsv", "--json"]);
    assert_eq!(evaluated("run"), evaluated("merged"));
    folder.ok(&["quantize", "merged", "small"]);
    folder.ok(&["translate", "--model", "small", text]);
    let refused = folder.fails(&["quantize", "run", "smaller"]);
    assert_names(&refused, &["adapter", "merge"]);
}

#[test]
fn the_result_has_the_metrics_before_and_after() {
    let folder = translator();
    let args = [
        &[
            "finetune", "--model", "base", "--data", "toy.tsv", "--also", "toy.tsv", "--full",
            "--json",
        ],
        &SHORT[..2],
    ]
    .concat();
    let found: serde_json::Value = serde_json::from_str(&folder.ok(&args)).unwrap();
    for when in ["before", "after"] {
        for part in ["held_out", "also"] {
            assert!(found[when][part]["bleu"]["score"].is_number(), "{when} {part}: {found}");
        }
    }
    assert_eq!(found["after"]["held_out"]["sentences"], 10);
    assert!(folder.path("runs/finetune/model/model.safetensors").exists());
}

/// A run that stops after half of its steps and resumes gives the same bits as one that does not, with dropout in the
/// adapter; and so does any number of threads.
#[test]
fn a_resumed_adapter_run_gives_the_same_bits() {
    let folder = translator();
    let args = |out: &'static str, steps: &'static str| {
        let sets = [
            steps,
            "train.schedule=constant",
            "train.peak=1e-2",
            "train.validate_every=4",
            "train.checkpoint_every=4",
            "lora.dropout=0.2",
            "lora.rank=2",
        ];
        let sets = sets.into_iter().flat_map(|set| ["--set", set]);
        ["--model", "base", "--data", "toy.tsv", "--out", out]
            .into_iter()
            .chain(sets)
            .collect::<Vec<_>>()
    };
    finetune(&folder, &args("whole", "train.steps=8"));
    finetune(&folder, &args("halves", "train.steps=4"));
    let resumed = [&args("halves", "train.steps=8")[..], &["--resume"]].concat();
    assert_names(&finetune(&folder, &resumed), &["resumed at step 4"]);
    finetune(&folder, &[&args("one", "train.steps=8")[..], &["--threads", "1"]].concat());
    for file in ["model/adapter_model.safetensors", "checkpoints/8/weights.safetensors"] {
        let whole = bytes(&folder, &format!("whole/{file}"));
        for other in ["halves", "one"] {
            assert!(bytes(&folder, &format!("{other}/{file}")) == whole, "{other}/{file}");
        }
    }
    // A checkpoint has the adapter and its optimizer state, not the model.
    let size = |name: &str| bytes(&folder, name).len();
    assert!(
        size("whole/checkpoints/8/weights.safetensors") < size("base/model/model.safetensors") / 2
    );
}

/// A folder with a sentence encoder in `model` and labelled texts.
fn sentences() -> Folder {
    let folder = Folder::empty();
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sentences-tiny");
    fs::create_dir_all(folder.path("model/1_Pooling")).unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        fs::copy(fixtures.join(file), folder.path("model").join(file)).unwrap();
    }
    let line = |index: usize| match index % 2 {
        0 => format!("a lovely song number {index}\tx\tgood\n"),
        _ => format!("an awful meal number {index}\tx\tbad\n"),
    };
    folder.write("labelled.tsv", (0..60).map(line).collect::<String>());
    folder
}

#[test]
fn a_classifier_is_tuned_with_a_new_head_and_then_keeps_it() {
    let folder = sentences();
    let told = finetune(
        &folder,
        &["--model", "model", "--data", "labelled.tsv", "--out", "first", "--epochs", "1"],
    );
    assert_names(
        &told,
        &[
            "task: classify",
            "column 3 is the label, column 1 the text",
            "head is new",
            "10 texts for validation",
        ],
    );
    let config = read(&folder.path("first/model/adapter_config.json"));
    assert_eq!(config["task_type"], "SEQ_CLS");
    assert!(!config["modules_to_save"].as_array().unwrap().is_empty(), "{config}");
    let labels =
        |model: &str| folder.ok(&["classify", "--model", model, "--json", "a lovely song"]);
    assert_names(&labels("first"), &["\"good\"", "\"bad\""]);
    let of_base = folder.ok(&[
        "classify",
        "--model",
        "model",
        "--adapter",
        "first",
        "--json",
        "a lovely song",
    ]);
    assert_eq!(labels("first"), of_base);
    folder.ok(&["merge", "--model", "first", "-o", "merged"]);
    assert_eq!(labels("first"), labels("merged"));

    let told = finetune(
        &folder,
        &["--model", "merged", "--data", "labelled.tsv", "--out", "second", "--epochs", "1"],
    );
    assert_names(&told, &["labels of the model: bad, good"]);
    folder.write("other.tsv", "good\ta song\nbad\ta meal\nso-so\ta play\n".repeat(5));
    let args =
        ["finetune", "--model", "merged", "--data", "other.tsv", "--out", "third", "--epochs", "1"];
    assert_names(&folder.fails(&args), &["other.tsv, line 3", "so-so", "bad, good", "--new-head"]);
    let message = folder.fails(&[
        "finetune",
        "--model",
        "first",
        "--data",
        "labelled.tsv",
        "--out",
        "fourth",
    ]);
    assert_names(&message, &["adapter", "merge"]);
}

#[test]
fn a_language_model_is_tuned_on_plain_text() {
    let folder = Folder::empty();
    folder.write(
        "text.txt",
        (0..200).map(|n| format!("the cat sat on the mat {n}.\n")).collect::<String>(),
    );
    folder.write(
        "lm.toml",
        "task = \"language-model\"\n[data]\ntrain = \"text.txt\"\nvalid = \"text.txt\"\ncontext = 16\n[tokenizer]\nkind = \"char\"\n\
         [model]\npreset = \"tiny\"\nd_model = 32\nd_ff = 64\nn_layers = 1\n[train]\nsteps = 2\n",
    );
    folder.ok(&["train", "lm.toml", "--out", "base"]);
    let told = finetune(
        &folder,
        &["--model", "base", "--data", "text.txt", "--out", "run", "--epochs", "1"],
    );
    assert_names(&told, &["language-model on plain text", "held out: 10 lines for validation"]);
    let text = |args: &[&str]| {
        folder.ok(&[&["generate"], args, &["--max-tokens", "5", "--json", "the"]].concat())
    };
    let config = read(&folder.path("run/model/adapter_config.json"));
    assert!(config["rank_pattern"]["c_attn"].is_number(), "{config}");
    folder.ok(&["merge", "--model", "run", "-o", "merged"]);
    assert_eq!(text(&["--model", "run"]), text(&["--model", "merged"]));
}

#[test]
fn data_that_does_not_fit_is_an_error_with_its_place_and_what_to_do() {
    let folder = translator();
    let long: String = (0..20).map(|n| format!("a {n}\tb {n}\n")).collect();
    for (name, text, parts) in [
        ("empty.tsv", String::new(), &["empty.tsv", "empty"][..]),
        ("one.tsv", "one\n".repeat(20), &["one.tsv", "line 1", "1 column"]),
        ("three.tsv", "a\tb\tc\n".repeat(20), &["three.tsv", "3 columns", "--set data.source"]),
        ("few.tsv", "a\tb\nc\td\n".to_owned(), &["few.tsv", "2 pairs", "at least 8"]),
        ("uneven.tsv", format!("{long}a\n"), &["uneven.tsv", "line 21", "1 column"]),
        ("table.csv", "a,b\n".to_owned(), &["CSV", ".tsv"]),
        ("plain.txt", "a text\n".repeat(20), &["plain text", "source<TAB>target"]),
    ] {
        folder.write(name, text);
        let message =
            folder.fails(&["finetune", "--model", "base", "--data", name, "--out", "run"]);
        assert_names(&message, parts);
        assert!(!folder.path("run/recipe.toml").exists(), "{name}");
    }
    let missing = folder
        .fails(&["finetune", "--model", "base", "--data", "toy.tsv", "--resume", "--out", "none"]);
    assert_names(&missing, &["none", "--resume"]);
    let target = folder.fails(&[
        "finetune",
        "--model",
        "base",
        "--data",
        "toy.tsv",
        "--out",
        "run",
        "--set",
        "lora.targets=[\"k_prj\"]",
    ]);
    assert_names(&target, &["lora.targets", "k_prj", "k_proj"]);
    let scratch = folder.fails(&["train", "tiny.toml", "--out", "x", "--set", "lora.rank=2"]);
    assert_names(&scratch, &["lora", "init"]);
}

#[test]
fn an_unknown_language_and_an_adapter_of_another_model_are_errors() {
    let folder = translator();
    finetune(
        &folder,
        &[&["--model", "base", "--data", "toy.tsv", "--out", "run"], &SHORT[..]].concat(),
    );
    let (other, _) = assemble("m2m100");
    let pairs: String = (0..20).map(|n| format!("the cat {n}\tthe house {n}\n")).collect();
    other.write("pairs.tsv", pairs);
    let args =
        ["finetune", "--model", "model", "--data", "pairs.tsv", "--from", "en", "--to", "xx"];
    assert_names(&other.fails(&args), &["language", "`xx`", "en"]);
    let adapter = folder.path("run");
    let adapter = adapter.to_str().unwrap();
    let translate = ["translate", "--model", "model", "--adapter", adapter, "the cat"];
    assert_names(&other.fails(&translate), &["base_model_name_or_path", "base"]);
    set_json(
        &folder.path("run/model/adapter_config.json"),
        serde_json::json!({"base_model_name_or_path": "model"}),
    );
    assert_names(&other.fails(&translate), &["adapter_config.json", "another model"]);
}
