//! The commands of the guide, run with tiny settings.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::serve::Server;

/// The pages whose commands are run, in this order; those of other pages need published models or hours.
const PAGES: [&str; 4] = ["first-minute.md", "train.md", "documents.md", "attention.md"];

/// The page whose commands ask a server at this address, with a translator and an embedder.
const SERVED: &str = "serve.md";
const ADDRESS: &str = "http://127.0.0.1:5000";
const TRANSLATOR: &str = "crates/crosshead-assets-models/models/translate-en-de";
const EMBEDDER: &str = "tests/fixtures/sentences-tiny";

/// The start of a comment before a block that is not run.
const NOT_RUN: &str = "<!-- not run";

/// The settings of commands that train.
const TINY: &str = "--set train.steps=2 --set train.validate_every=2 --set train.warmup=1 --set train.checkpoint_every=2";

/// The settings of a new model, and the small files of the folder.
const TINY_MODEL: &str = "--set model.preset=tiny --set tokenizer.vocab_size=200 --set data.max_len=16 --set decode.beams=2 \
    --set data.valid=valid.tsv --set data.test=test.tsv";

/// Runs the commands of the guide in `target/book/run`, with `crosshead` replaced by the debug build.
pub(super) fn run(root: &Path, docs: &Path) -> Result<()> {
    cargo::run(["build", "--workspace", "--bin", "crosshead"])?;
    let folder = prepare(root)?;
    let mut path = vec![folder.join("bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(path).context("PATH has an invalid character")?;
    let read = |name: &str| {
        let page = docs.join(name);
        fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))
    };
    for name in PAGES {
        run_blocks(name, &read(name)?, &folder, &path)?;
    }
    let models = [
        format!("translate-en-de={}", root.join(TRANSLATOR).display()),
        format!("all-MiniLM-L6-v2={}", root.join(EMBEDDER).display()),
    ];
    let server = Server::start(&root.join("target/debug/crosshead"), &models, &[])?;
    run_blocks(SERVED, &read(SERVED)?.replace(ADDRESS, &server.url), &folder, &path)
}

/// Runs the commands of a page.
fn run_blocks(name: &str, text: &str, folder: &Path, path: &OsStr) -> Result<()> {
    for block in blocks(text) {
        println!("==> docs/{name}\n{}", block.trim_end());
        let mut shell = Command::new("sh");
        shell.args(["-eu", "-c", &block]).current_dir(folder).env("PATH", path);
        let status = shell.stdin(Stdio::null()).status().context("cannot start sh")?;
        if !status.success() {
            bail!("docs/{name}: a command failed ({status}):\n{block}");
        }
    }
    Ok(())
}

/// The `sh` blocks of a page, without those after a comment `<!-- not run: … -->`.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    let mut skips = false;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some("sh")) if !skips => open = Some(String::new()),
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, Some(_) | None) => {}
        }
        if open.is_none() {
            skips = line.starts_with(NOT_RUN) || (skips && line.trim().is_empty());
        }
    }
    blocks
}

/// The folder, with the files that the guide names.
fn prepare(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/book/run");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder.join("bin"))
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let page = "<p>one <b>two</b></p>\n";
    let data = r#"{"title": "one two", "items": [{"text": "three", "id": 1}]}"#;
    let files = [
        ("pairs.tsv", pairs(0..80)),
        ("valid.tsv", pairs(80..90)),
        ("test.tsv", pairs(90..100)),
        ("lines.txt", "one two\nthree\n".to_owned()),
        ("page.html", page.to_owned()),
        ("data.json", data.to_owned()),
        ("bin/crosshead", wrapper(&root.join("target/debug/crosshead"))),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    cargo::execute(Command::new("chmod").arg("+x").arg(folder.join("bin/crosshead")))?;
    Ok(folder)
}

/// A program that runs the binary and adds tiny settings to commands that train.
fn wrapper(binary: &Path) -> String {
    let binary = binary.display();
    format!(
        "#!/bin/sh\ncase \"$1\" in\n\
         train) exec '{binary}' \"$@\" {TINY} {TINY_MODEL} ;;\n\
         finetune) exec '{binary}' \"$@\" {TINY} ;;\n\
         *) exec '{binary}' \"$@\" ;;\nesac\n"
    )
}

/// Pairs of two-digit numbers written out in English and German.
fn pairs(numbers: std::ops::Range<usize>) -> String {
    const ENGLISH: [&str; 10] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    const GERMAN: [&str; 10] =
        ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"];
    let in_words = |words: [&str; 10], n: usize| format!("{} {}", words[n / 10], words[n % 10]);
    numbers.map(|n| format!("{}\t{}\n", in_words(ENGLISH, n), in_words(GERMAN, n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_the_shell_are_found_unless_a_comment_skips_them() {
        let page = "# A\n```sh\na \\\n  b\n```\n```toml\nc = 1\n```\n<!-- not run: slow -->\n\n```sh\nd\n```\ntext\n```sh\ne\n```\n";
        assert_eq!(blocks(page), ["a \\\n  b\n", "e\n"]);
    }

    #[test]
    fn every_page_that_is_run_has_commands() {
        for name in PAGES {
            let text = fs::read_to_string(crate::root().join("docs").join(name)).unwrap();
            assert!(blocks(&text).iter().any(|block| block.contains("crosshead ")), "{name}");
        }
    }
}
