//! Committed files that are generated from the code and from `Cargo.lock`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// The target for which the crates in the binary are listed.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Arguments of `cargo xtask docs`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compare the committed files with what would be written, without changing them
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes the generated files, or compares them.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in [
        ("crates/crosshead-assets/licenses/crates.tsv", licenses()?),
        ("docs/recipes.md", recipes(root)?),
    ] {
        let file = root.join(path);
        if fs::read_to_string(&file).is_ok_and(|found| found == text) {
            continue;
        }
        if args.check {
            stale.push(path);
        } else {
            fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
            println!("wrote {path}");
        }
    }
    if !stale.is_empty() {
        bail!("not up to date: {}; run `cargo xtask docs`", stale.join(", "));
    }
    Ok(())
}

/// The reference of recipe keys, as printed by the binary.
fn recipes(root: &Path) -> Result<String> {
    cargo::run(["build", "--workspace", "--bin", "crosshead"])?;
    let mut command = Command::new(root.join("target/debug/crosshead"));
    cargo::output(command.args(["recipes", "--reference", "--markdown", "--no-config"]))
}

/// The name, version and license of each crate that the binary links, one per line. The list comes from `cargo tree`,
/// because `cargo metadata` also lists optional crates that no feature enables.
fn licenses() -> Result<String> {
    let mut command = cargo::command();
    command.args(["tree", "--locked", "--package", "crosshead-cli", "--target", TARGET]);
    command.args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}"]);
    table(&cargo::output(&mut command)?)
}

/// The lines `NAME vVERSION|LICENCE` of `cargo tree` as a table, without the crates of the workspace.
fn table(tree: &str) -> Result<String> {
    let mut rows = BTreeSet::new();
    for line in tree.lines() {
        let (package, license) =
            line.split_once('|').with_context(|| format!("cargo tree writes `{line}`"))?;
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let version = version.trim_start_matches('v');
        if name.starts_with("crosshead") {
            continue;
        }
        // `(*)` marks a crate that has been listed before.
        let license = license.trim_end_matches("(*)").trim();
        if license.is_empty() {
            bail!("{name} {version} names no license");
        }
        let license = license.replace('/', " OR ");
        rows.insert(format!("{name}\t{version}\t{license}\n"));
    }
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_listed_once_and_those_of_the_workspace_are_not() {
        let tree = "crosshead-cli v0.1.0 (/work)|MIT\nb v1.2.0|MIT/Apache-2.0\na v0.1.0|ISC\nb v1.2.0|MIT/Apache-2.0 (*)\n";
        assert_eq!(table(tree).unwrap(), "a\t0.1.0\tISC\nb\t1.2.0\tMIT OR Apache-2.0\n");
    }

    #[test]
    fn a_crate_without_a_license_is_an_error() {
        let message = table("a v0.1.0|\n").unwrap_err().to_string();
        assert_eq!(message, "a 0.1.0 names no license");
    }
}
