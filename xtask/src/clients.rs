//! Tests of the server with official clients from PyPI: `cargo xtask test --clients`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use crate::serve::Server;
use crate::{cargo, root};

/// The clients.
const CLIENTS: [&str; 3] = ["libretranslatepy", "deepl", "openai"];

/// The key of the server.
const KEY: &str = "key-of-the-test";

/// A template for a model that has none.
const TEMPLATE: &str = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}";

/// Builds the program, starts it with small models, and runs `tests/clients.py` in a separate environment.
pub(crate) fn run() -> Result<()> {
    let folder = root().join("target/clients");
    let python = environment(&folder)?;
    cargo::run(["build", "--workspace", "--bins"])?;
    let (keys, chat) = (folder.join("keys.txt"), folder.join("chat"));
    fs::write(&keys, format!("{KEY}\n"))?;
    with_template(&root().join("tests/fixtures/generation/llama"), &chat)?;
    let models = [
        "translate-en-de=crates/crosshead-assets-models/models/translate-en-de".to_owned(),
        "sentences=tests/fixtures/sentences-tiny".to_owned(),
        "gpt2=tests/fixtures/generation/gpt2".to_owned(),
        format!("chat={}", chat.display()),
    ];
    let program = root().join("target/debug/crosshead");
    let server = Server::start(&program, &models, &[Path::new("--api-key-file"), &keys])?;
    let script = root().join("tests/clients.py");
    cargo::execute(Command::new(&python).arg(script).args([server.url.as_str(), KEY]))
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
