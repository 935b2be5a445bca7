//! Prints the limits of a model's `domain.json`: the values within which 99 % of the lines of a file are.
//!
//! ```sh
//! cargo run --release --package crosshead-tests --example domain -- runs/translate-en-de valid.txt
//! ```

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use crosshead::tasks::Pieces;
use crosshead::tokenize::Tokenizer;
use crosshead::{Classifier, ModelTask, TextHooks, TextToText, model_files};
use serde_json::json;

/// The share of the lines outside each limit.
const OUTSIDE: f64 = 0.01;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[allow(clippy::print_stdout, reason = "a command-line tool")]
fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (model, file) = args.next().zip(args.next()).ok_or("usage: domain MODEL FILE")?;
    let text = fs::read_to_string(file)?;
    // The text of a line is before the first tab.
    let lines: Vec<&str> =
        text.lines().map(|line| line.split('\t').next().unwrap_or(line)).collect();
    let model = Path::new(&model);
    let tokenizer = Tokenizer::from_dir(model_files(model, None)?.dir())?;
    let mut pieces = Vec::new();
    for line in &lines {
        pieces.extend(Pieces::of(line, &tokenizer)?);
    }
    println!(
        "{:#}",
        json!({
            "about": "",
            "max_unknown_pieces": quantile(pieces.iter().map(|pieces| pieces.unknown), 1.0 - OUTSIDE),
            "max_pieces_per_word": quantile(pieces.iter().map(|pieces| pieces.per_word), 1.0 - OUTSIDE),
            "min_score": quantile(scores(model, &lines)?.into_iter(), OUTSIDE),
        })
    );
    Ok(())
}

/// The score of the model's output for each line.
fn scores(model: &Path, lines: &[&str]) -> Result<Vec<f32>> {
    let device = Device::flex();
    match ModelTask::of(model)? {
        ModelTask::Translation | ModelTask::Summarization => {
            let written =
                TextToText::from_pretrained(model, &device)?.write(lines, TextHooks::none())?;
            Ok(written.into_iter().map(|written| written.score).collect())
        }
        ModelTask::Classification => {
            let classified = Classifier::from_pretrained(model, &device)?.classify(lines)?;
            Ok(classified.iter().map(|classified| classified.labels[0].score).collect())
        }
        ModelTask::TokenClassification
        | ModelTask::Generation
        | ModelTask::FillMask
        | ModelTask::Embedding => {
            Err("only translators, summarizers and classifiers have a domain".into())
        }
    }
}

/// The value below which this share of the values is.
fn quantile(values: impl Iterator<Item = f32>, share: f64) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    let index = (share * values.len().saturating_sub(1) as f64).round() as usize;
    values.get(index).copied().unwrap_or_default()
}
