//! The Python scripts that export fixtures from independent references, and those that check saved models: `cargo xtask fixtures`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// Arguments of `cargo xtask fixtures`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Check that transformers, and for some models CTranslate2, loads saved models with the same outputs
    #[arg(long)]
    check: bool,
}

/// Runs the export scripts of all crates, or the check of saved models, with `$PYTHON` or `python3`.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let tests = root.join("tests/fixtures");
    if args.check {
        return check(root, &tests);
    }
    let mut found = Vec::new();
    for folder in fixture_folders(root)?.into_iter().chain([tests]) {
        found.extend(scripts(&folder, "export")?);
    }
    if found.is_empty() {
        bail!("found no export script");
    }
    for script in found {
        println!("==> {}", script.strip_prefix(root).unwrap_or(&script).display());
        python(&script, &[])?;
    }
    Ok(())
}

/// Families of saved models that CTranslate2 can convert, with a sentence from their vocabulary.
const CONVERTED: [(&str, &str); 5] = [
    ("marian", "one two"),
    ("pegasus", "one two"),
    ("bart", "one two"),
    ("gpt2", "one two"),
    ("llama", "one two"),
];

/// Saves a tokenizer of each kind and a model of each family, and runs the scripts that compare them with transformers and
/// CTranslate2.
fn check(root: &Path, tests: &Path) -> Result<()> {
    cargo::run(["build", "--workspace", "--example", "save_trained", "--example", "save_models"])?;
    let examples = root.join("target/debug/examples");

    println!("==> tokenizers");
    let saved = root.join("target/saved-tokenizers");
    cargo::execute(Command::new(examples.join("save_trained")).arg(&saved))?;
    let script = root.join("crates/crosshead-tokenize/fixtures/check_trained.py");
    python(&script, &[saved.into()])?;

    let saved = root.join("target/saved-models");
    cargo::execute(Command::new(examples.join("save_models")).arg(&saved))?;
    let mut names = Vec::new();
    for entry in fs::read_dir(&saved).with_context(|| format!("cannot list {}", saved.display()))? {
        names.push(entry?.file_name());
    }
    names.sort();
    for name in names {
        println!("==> {}", name.display());
        let dir = saved.join(&name);
        if dir.join("adapter_config.json").is_file() {
            python(tests.join("check_saved_adapter.py"), &[dir.into_os_string()])?;
            continue;
        }
        let mut arguments = vec![dir.clone().into_os_string(), dir.join("check.json").into()];
        if let Some((_, sentence)) = CONVERTED.iter().find(|(family, _)| name == *family) {
            arguments.extend(["--ct2", sentence].map(OsString::from));
        }
        python(tests.join("check_saved_model.py"), &arguments)?;
    }
    Ok(())
}

/// Runs a script with `$PYTHON` or `python3`.
pub(crate) fn python(script: impl AsRef<OsStr>, arguments: &[OsString]) -> Result<()> {
    let python = env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
    cargo::execute(Command::new(&python).arg(script).args(arguments)).context(
        "the head of the script names the Python packages that it needs; set PYTHON to choose a \
         different interpreter",
    )
}

/// `fixtures/` of each crate.
fn fixture_folders(root: &Path) -> Result<Vec<PathBuf>> {
    let crates = root.join("crates");
    let mut folders = Vec::new();
    for entry in
        fs::read_dir(&crates).with_context(|| format!("cannot list {}", crates.display()))?
    {
        folders.push(entry?.path().join("fixtures"));
    }
    folders.sort();
    Ok(folders)
}

/// The Python files in a folder, if it exists, with names that start with `prefix`, sorted by name.
fn scripts(folder: &Path, prefix: &str) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut scripts = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let name = entry?.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(".py")) {
            scripts.push(folder.join(name));
        }
    }
    scripts.sort();
    Ok(scripts)
}
