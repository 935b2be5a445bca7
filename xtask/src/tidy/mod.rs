//! Rules that neither the compiler nor clippy checks; docs/architecture.md explains the reasons.

mod backends;
mod docs;
mod graph;
mod imports;
mod layout;
mod manifest;
mod prose;
mod source;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use manifest::Manifest;

/// A violation: its location, and what to do about it.
#[derive(Debug, PartialEq)]
struct Finding {
    path: PathBuf,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// Checks the workspace, prints each violation and fails if there is one.
pub(crate) fn run(root: &Path) -> Result<()> {
    let findings = check(root)?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy found {} violation(s)", findings.len());
    }
    Ok(())
}

fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in manifests(root)? {
        let text = read(root, &path)?;
        findings.extend(prose::check(&path, &text));
        let manifest = Manifest::parse(&path, &text)?;
        findings.extend(graph::check(&manifest));
        findings.extend(backends::check(&manifest));
        findings.extend(layout::check(root, &manifest));
    }
    let mut texts = Vec::new();
    for path in sources(root)? {
        let text = read(root, &path)?;
        texts.push((path, text));
    }
    for path in pages(root)? {
        let text = read(root, &path)?;
        findings.extend(docs::check(root, &path, &text));
        findings.extend(prose::check(&path, &text));
    }
    for (path, text) in &texts {
        findings.extend(source::check(path, text));
        findings.extend(prose::check(path, text));
    }
    findings.extend(layout::check_modules(&texts));
    findings.extend(imports::check(&texts));
    Ok(findings)
}

/// The pages for users and contributors, relative to the workspace's root.
fn pages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut pages = vec![PathBuf::from("README.md")];
    pages.extend(list(root, Path::new(".github"))?.into_iter().filter(|page| is_markdown(page)));
    let of_crates =
        list(root, Path::new("crates"))?.into_iter().map(|folder| folder.join("README.md"));
    pages.extend(of_crates.filter(|page| root.join(page).is_file()));
    let docs = list(root, Path::new("docs"))?.into_iter();
    pages.extend(docs.filter(|page| is_markdown(page)));
    Ok(pages)
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// The manifests of the workspace and its members, relative to its root.
fn manifests(root: &Path) -> Result<Vec<PathBuf>> {
    let mut manifests: Vec<_> =
        ["Cargo.toml", "tests/Cargo.toml", "xtask/Cargo.toml"].map(PathBuf::from).into();
    for folder in list(root, Path::new("crates"))? {
        manifests.push(folder.join("Cargo.toml"));
    }
    Ok(manifests)
}

/// The Rust files of the workspace, relative to its root.
pub(crate) fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    let mut folders: Vec<_> = ["crates", "tests", "xtask"].map(PathBuf::from).into();
    while let Some(folder) = folders.pop() {
        for path in list(root, &folder)? {
            if root.join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(path);
            }
        }
    }
    sources.sort();
    Ok(sources)
}

/// The entries of a folder, without hidden files and build outputs. All paths are relative to the root.
fn list(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root.join(folder))
        .with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if !name.to_string_lossy().starts_with('.') && name != "target" {
            paths.push(folder.join(name));
        }
    }
    paths.sort();
    Ok(paths)
}

/// The text of a file, by its path relative to the root.
pub(crate) fn read(root: &Path, path: &Path) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_file_and_line() {
        let finding = Finding::new(Path::new("crates/a/src/lib.rs"), 7, "do something");
        assert_eq!(finding.to_string(), "crates/a/src/lib.rs:7: do something");
    }
}
