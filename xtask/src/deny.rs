//! Licenses, sources and duplicates of the dependencies, by cargo-deny: `cargo xtask deny`.
//!
//! Not part of `cargo xtask ci`, because compiling cargo-deny takes minutes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::cargo;

/// The configuration, relative to the workspace's root.
const CONFIG: &str = "xtask/deny.toml";

/// Where cargo-deny is installed if it is not in `PATH`.
const TOOLS: &str = "target/tools";

/// Arguments of `cargo xtask deny`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also check for security advisories, which are downloaded
    #[arg(long)]
    advisories: bool,
}

/// Runs `cargo deny check` with cargo-deny 0.20, which is installed first if it is missing.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let mut deny = Command::new(program(root)?);
    deny.args(["--config", CONFIG, "check", "bans", "licenses", "sources"]);
    if args.advisories {
        deny.arg("advisories");
    }
    cargo::execute(&mut deny)
}

fn program(root: &Path) -> Result<PathBuf> {
    let in_path = PathBuf::from("cargo-deny");
    if starts(&in_path) {
        return Ok(in_path);
    }
    let installed = root.join(TOOLS).join("bin/cargo-deny");
    if !starts(&installed) {
        cargo::run(["install", "cargo-deny", "--locked", "--debug", "--root", TOOLS])?;
    }
    Ok(installed)
}

fn starts(program: &Path) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}
