//! Tests of the server with official clients from PyPI: `cargo xtask test --clients`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{cargo, root};

/// The clients.
const CLIENTS: [&str; 3] = ["libretranslatepy", "deepl", "openai"];

/// The key of the server.
const KEY: &str = "key-of-the-test";

/// A template for a model that has none.
const TEMPLATE: &str = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}";

/// Builds the program, starts it with small models, and runs `tests/clients.py` in an environment of its own.
pub(crate) fn run() -> Result<()> {
    let folder = root().join("target/clients");
    let python = environment(&folder)?;
    cargo::run(["build", "--workspace", "--bins"])?;
    let (keys, chat) = (folder.join("keys.txt"), folder.join("chat"));
    fs::write(&keys, format!("{KEY}\n"))?;
    with_template(&root().join("tests/fixtures/generation/llama"), &chat)?;
    let program = root().join("target/debug/crosshead");
    let mut server = Command::new(&program)
        .current_dir(root())
        .args(["serve", "--no-config", "--port", "0", "--api-key-file"])
        .arg(&keys)
        .args(["--model", "crates/crosshead-assets/models/translate-en-de"])
        .args(["--model", "sentences=tests/fixtures/sentences-tiny"])
        .args(["--model", "gpt2=tests/fixtures/generation/gpt2"])
        .args(["--model", &format!("chat={}", chat.display())])
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let tested = address(&mut server).and_then(|url| {
        let script = root().join("tests/clients.py");
        cargo::execute(Command::new(&python).arg(script).args([url.as_str(), KEY]))
    });
    server.kill()?;
    server.wait()?;
    tested
}

/// The Python of an environment with the clients.
fn environment(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("venv/bin/python");
    if !python.is_file() {
        fs::create_dir_all(folder)?;
        cargo::execute(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))?;
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    cargo::execute(Command::new(&python).args(pip).args(CLIENTS))?;
    Ok(python)
}

/// The address that the server prints.
fn address(server: &mut Child) -> Result<String> {
    let output = server.stdout.take().context("the server has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    match line.trim() {
        "" => bail!("the server did not start"),
        address => Ok(address.to_owned()),
    }
}

/// A copy of a model with a chat template.
fn with_template(model: &Path, copy: &Path) -> Result<()> {
    fs::create_dir_all(copy)?;
    for file in fs::read_dir(model)? {
        let file = file?.path();
        fs::copy(&file, copy.join(file.file_name().unwrap_or_default()))?;
    }
    let path = copy.join("tokenizer_config.json");
    let mut config: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    config["chat_template"] = json!(TEMPLATE);
    Ok(fs::write(path, config.to_string())?)
}
