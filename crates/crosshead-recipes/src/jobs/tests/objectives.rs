//! Options that change what a model learns.

use std::fs;

use burn::tensor::{Device, TensorData};
use crosshead_models::{EncoderDecoder, SequenceClassifier};
use crosshead_tasks::{Classifier, TextPair};
use crosshead_weights::parameters;

use super::{first_validation, folder, recipe, run};
use crate::{Recipe, RunError, Summary};

fn weights(summary: &Summary) -> Vec<(String, TensorData)> {
    let model = EncoderDecoder::from_pretrained(&summary.model, &Device::flex()).unwrap();
    parameters::read(&model).into_iter().collect()
}

fn message(recipe: Result<Recipe, RunError>) -> String {
    recipe.unwrap_err().to_string()
}

#[test]
fn pairs_are_classified_by_both_texts() {
    let folder = folder();
    // The label says whether the texts are equal, which neither of them tells.
    let words = ["film", "song", "meal", "book"];
    let row =
        |(a, b): (&str, &str)| format!("{}\t{a}\t{b}\n", if a == b { "same" } else { "other" });
    let pairs = words.iter().flat_map(|a| words.iter().map(move |b| (*a, *b)));
    let balanced = pairs.chain(words.iter().flat_map(|a| [(*a, *a); 2]));
    fs::write(folder.path().join("labelled.tsv"), balanced.map(row).collect::<String>()).unwrap();
    let sets = [
        "data.text_pair=3",
        "train.steps=150",
        "train.batch_examples=24",
        "train.warmup=10",
        "train.peak=3e-3",
        "train.validate_every=150",
        "model.dropout=0",
        "model.attention_dropout=0",
        "model.head_dropout=0",
    ];
    let recipe = recipe(&folder, "classify", &sets).unwrap();
    let model = run(&folder, "run", &recipe, None).model;
    let classifier = Classifier::from_pretrained(&model, &Device::flex()).unwrap();
    let pairs: Vec<TextPair> = words
        .iter()
        .flat_map(|a| words.iter().map(|b| TextPair { first: (*a).into(), second: (*b).into() }))
        .collect();
    let found = classifier.classify_pairs_with(&pairs, |_| {}).unwrap();
    let right = found
        .iter()
        .zip(&pairs)
        .filter(|(found, pair)| (found.labels[0].name == "same") == (pair.first == pair.second));
    assert!(right.count() >= 15);
    let config = fs::read_to_string(model.join("tokenizer_config.json")).unwrap();
    assert!(config.contains("token_type_ids"), "{config}");
    // A run of single texts says nothing of types.
    let single = super::recipe(&folder, "classify", &[]).unwrap();
    let model = run(&folder, "single", &single, None).model;
    let config = fs::read_to_string(model.join("tokenizer_config.json")).unwrap();
    assert!(!config.contains("token_type_ids"), "{config}");
    SequenceClassifier::from_pretrained(&model, &Device::flex()).unwrap();
}

#[test]
fn a_run_with_other_segmentations_in_every_epoch_resumes_exactly() {
    for sampling in [
        &["tokenizer.dropout=0.3"][..],
        &["tokenizer.kind=unigram", "tokenizer.sampling_alpha=0.2"],
    ] {
        let folder = folder();
        let steps = [
            "train.steps=8",
            "train.batch_tokens=60",
            "train.checkpoint_every=100",
            "data.copies=1",
        ];
        let text = recipe(&folder, "translate", &[]).unwrap().to_toml();
        let text = text.replace("batch_examples = 4\n", "");
        let parse = |sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
            Recipe::parse("test", &text, &sets).unwrap()
        };
        let drawn = parse(&[&steps, sampling].concat());
        let complete = weights(&run(&folder, "complete", &drawn, None));
        let resumed = weights(&run(&folder, "resumed", &drawn, Some(3)));
        assert!(complete == resumed, "{sampling:?}");
        let plain = parse(&[&steps, &sampling[..sampling.len() - 1]].concat());
        assert!(complete != weights(&run(&folder, "plain", &plain, None)), "{sampling:?}");
    }
}

#[test]
fn validation_does_not_draw_segmentations() {
    let folder = folder();
    let loss = |sets: &[&str]| {
        let recipe = recipe(&folder, "translate", sets).unwrap();
        let found = first_validation(&folder, &recipe).unwrap();
        fs::remove_dir_all(folder.path().join("run")).unwrap();
        found[0].value
    };
    assert_eq!(loss(&[]), loss(&["tokenizer.dropout=0.5"]));
}

#[test]
fn keys_of_sampling_are_checked() {
    let folder = folder();
    let of = |task: &str, sets: &[&str]| message(recipe(&folder, task, sets));
    for (task, sets, parts) in [
        ("translate", &["tokenizer.dropout=1.0"][..], ["tokenizer.dropout", "outside"]),
        ("translate", &["tokenizer.sampling_alpha=0.2"], ["tokenizer.sampling_alpha", "unigram"]),
        (
            "translate",
            &["tokenizer.kind=unigram", "tokenizer.dropout=0.1"],
            ["tokenizer.dropout", "bpe"],
        ),
        (
            "translate",
            &["tokenizer.dropout=0.1", "tokenizer.sampling_alpha=1.0"],
            ["sampling_alpha", "both"],
        ),
        ("classify", &["tokenizer.dropout=0.1"], ["tokenizer.dropout", "translate"]),
    ] {
        let message = of(task, sets);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[test]
fn a_student_learns_the_distributions_of_its_teacher() {
    let folder = folder();
    let base = ["train.steps=60", "train.warmup=5", "train.peak=3e-3", "train.select=loss"];
    let teacher =
        run(&folder, "teacher", &recipe(&folder, "translate", &base).unwrap(), None).model;
    let set = format!("distill.teacher={}", teacher.display());
    let text = recipe(&folder, "translate", &[]).unwrap().to_toml();
    // The tokenizer is the teacher's.
    let start = text.find("[tokenizer]").unwrap();
    let end = start + text[start..].find("[model]").unwrap();
    let text = format!("{}{}", &text[..start], &text[end..]);
    let parse = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        Recipe::parse("test", &text, &sets)
    };
    let student =
        parse(&[&base[..], &[&set, "distill.weight=1.0", "distill.temperature=2"]].concat());
    let complete = weights(&run(&folder, "student", student.as_ref().unwrap(), None));
    let resumed = weights(&run(&folder, "resumed", student.as_ref().unwrap(), Some(7)));
    assert!(complete == resumed);
    let messages = [
        message(parse(&["distill.weight=0.3"])),
        message(parse(&[&set, "distill.weight=1.5"])),
        message(parse(&[&set, "tokenizer.vocab_size=60"])),
    ];
    for (message, part) in
        messages.iter().zip(["distill.weight", "outside", "tokenizer.vocab_size"])
    {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn whole_words_are_another_task_than_tokens() {
    let folder = folder();
    let loss = |sets: &[&str]| {
        // With so few tokens, most words have several.
        let sets = [&["data.masked=0.5", "tokenizer.vocab_size=40"], sets].concat();
        let recipe = recipe(&folder, "masked-lm", &sets).unwrap();
        let found = first_validation(&folder, &recipe).unwrap();
        fs::remove_dir_all(folder.path().join("run")).unwrap();
        found[0].value
    };
    let (tokens, words) = (loss(&[]), loss(&["data.unit=whole-words"]));
    assert!(tokens != words && words.is_finite(), "{tokens} and {words}");
}

#[test]
fn embeddings_are_evaluated_by_scores_if_there_are_any() {
    let folder = folder();
    fs::write(folder.path().join("scored.tsv"), "a\tb\t1.5\nc\td\t0.5\na\tc\t3\n").unwrap();
    let scored = folder.path().join("scored.tsv").display().to_string();
    let valid = format!("data.valid={scored}");
    let sets = ["data.score=3", &valid, "train.steps=2"];
    let summary = run(&folder, "run", &recipe(&folder, "embed", &sets).unwrap(), None);
    for file in
        ["modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "tokenizer.json"]
    {
        assert!(summary.model.join(file).is_file(), "{file}");
    }
    let found = first_validation(&folder, &recipe(&folder, "embed", &sets).unwrap()).unwrap();
    assert_eq!(found.iter().map(|found| found.metric.key).collect::<Vec<_>>(), ["spearman"]);
    let message = message(recipe(&folder, "embed", &["train.label_smoothing=0.1"]));
    assert!(message.contains("train.label_smoothing"), "{message}");
    fs::write(folder.path().join("scored.tsv"), "a\tb\tx\n").unwrap();
    let error = first_validation(&folder, &recipe(&folder, "embed", &sets).unwrap()).unwrap_err();
    assert!(error.to_string().contains("line 1: `x` is not a number"), "{error}");
}
