//! The book: `docs/` as web pages, and the commands of its pages.

mod commands;
mod pages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// Arguments of `cargo xtask book`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run the commands of the guide in a folder with small files; training takes two steps
    #[arg(long)]
    pub(crate) run: bool,
}

/// Builds the book with mdBook, or runs its commands.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let docs = root.join("docs");
    let summary = pages::Summary::read(&docs)?;
    if args.run {
        return commands::run(root, &docs);
    }
    if Command::new("mdbook").arg("--version").output().is_err() {
        bail!("mdbook is missing: install it with `cargo install mdbook --locked`");
    }
    let source = copy(root, &docs, &summary)?;
    cargo::execute(Command::new("mdbook").arg("build").arg(&source))?;
    println!("target/book/html/index.html");
    Ok(())
}

/// Copies the pages to `target/book`, with links to files outside the book changed to links to the repository.
fn copy(root: &Path, docs: &Path, summary: &pages::Summary) -> Result<PathBuf> {
    let copy = root.join("target/book/source");
    if copy.exists() {
        fs::remove_dir_all(&copy).with_context(|| format!("cannot remove {}", copy.display()))?;
    }
    fs::create_dir_all(&copy).with_context(|| format!("cannot create {}", copy.display()))?;
    let repository = repository(root)?;
    let files = summary.pages.iter().map(String::as_str).chain(["SUMMARY.md", "book.toml"]);
    for name in files {
        let path = docs.join(name);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = match name {
            "book.toml" => text.replace("../target/book/html", "../html"),
            _ => pages::with_outside_links(&text, &repository),
        };
        fs::write(copy.join(name), text).with_context(|| format!("cannot copy {name}"))?;
    }
    Ok(copy)
}

/// The address of the repository in `Cargo.toml`.
fn repository(root: &Path) -> Result<String> {
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let found = manifest["workspace"]["package"]["repository"].as_str();
    Ok(found.context("Cargo.toml names no repository")?.to_owned())
}
