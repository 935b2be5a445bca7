//! The packages that `cargo publish` would upload, without compiling them: `cargo xtask package`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// Where cargo puts the packages, relative to the workspace's root.
const FOLDER: &str = "target/package";

/// crates.io rejects larger packages.
const MAX_BYTES: u64 = 10_000_000;

/// Members of the workspace that are not published.
const UNPUBLISHED: [&str; 2] = ["crosshead-tests", "xtask"];

/// Packages every published crate, checks the sizes, and returns the `.crate` files.
pub(crate) fn run(root: &Path) -> Result<Vec<PathBuf>> {
    for old in packages(root)? {
        fs::remove_file(&old).with_context(|| format!("cannot delete {}", old.display()))?;
    }
    let mut package = cargo::command();
    package.args(["package", "--workspace", "--no-verify", "--allow-dirty", "--quiet"]);
    for name in UNPUBLISHED {
        package.args(["--exclude", name]);
    }
    cargo::execute(&mut package)?;

    let packages = packages(root)?;
    ensure!(!packages.is_empty(), "cargo wrote no package to {FOLDER}");
    for package in &packages {
        let bytes = fs::metadata(package)?.len();
        let name = package.file_name().unwrap_or_default().display();
        println!("{name:<40} {:>6} kB", bytes.div_ceil(1000));
        ensure!(
            bytes <= MAX_BYTES,
            "{name} has {bytes} bytes, but at most {MAX_BYTES} are allowed: exclude files in its \
             Cargo.toml"
        );
    }
    Ok(packages)
}

/// The most recently written `.crate` files, sorted by name.
pub(crate) fn packages(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut packages: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    packages.retain(|path| path.extension().is_some_and(|extension| extension == "crate"));
    packages.sort();
    Ok(packages)
}
