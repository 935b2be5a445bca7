//! The models and runs that the server of the tests has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::programs::root;

/// A recipe that learns in a second to repeat the first words of a text.
const SUMMARIES: &str = r#"
task = "summarize"

[data]
train = "pairs.tsv"
valid = "pairs.tsv"
test = "pairs.tsv"

[tokenizer]
vocab_size = 60

[model]
preset = "tiny"
d_model = 32
d_ff = 64
n_encoder_layers = 1
n_decoder_layers = 1

[train]
steps = 12
batch_tokens = 300
peak = 3e-3
warmup = 4
validate_every = 6
select = "loss"

[decode]
beams = 2
"#;

/// Words of the texts.
const WORDS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// The program under test.
pub(crate) fn crosshead() -> PathBuf {
    root().join("target/debug/crosshead")
}

/// A model of the fixtures.
pub(crate) fn model(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(name)
}

/// A folder with a trained summarizer, which is also a run to show.
pub(crate) fn train_runs() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let pairs: String = (0..WORDS.len() * WORDS.len())
        .map(|index| {
            let (a, b) = (WORDS[index % WORDS.len()], WORDS[index / WORDS.len()]);
            format!("{a} {b} {a}\t{a} {b}\n")
        })
        .collect();
    fs::write(folder.path().join("pairs.tsv"), pairs)?;
    fs::write(folder.path().join("recipe.toml"), SUMMARIES)?;
    train(folder.path(), "runs/summaries")?;
    Ok(folder)
}

fn train(folder: &Path, out: &str) -> Result<()> {
    let output = Command::new(crosshead())
        .current_dir(folder)
        .args(["train", "recipe.toml", "--quiet", "--out", out])
        .output()
        .with_context(|| format!("cannot start {}", crosshead().display()))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
