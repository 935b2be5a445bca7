//! Runs cargo and other programs from the root of the workspace.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::root;

/// Runs `cargo` with `args`.
pub(crate) fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Result<()> {
    execute(command().args(args))
}

/// Builds the documentation of all crates and treats rustdoc's warnings as errors.
pub(crate) fn doc(open: bool) -> Result<()> {
    let mut doc = command();
    doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    if open {
        doc.arg("--open");
    }
    execute(&mut doc)
}

/// The cargo that runs this program, or the one in `PATH`.
pub(crate) fn command() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// Runs a program in the root of the workspace and returns an error if it fails.
pub(crate) fn execute(command: &mut Command) -> Result<()> {
    let status = command
        .current_dir(root())
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !status.success() {
        let args = command.get_args().collect::<Vec<_>>().join(OsStr::new(" "));
        bail!("{} {} failed: {status}", command.get_program().display(), args.display());
    }
    Ok(())
}

/// The standard output of a program that is run in the root of the workspace.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program} failed: {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{program} does not write UTF-8"))
}
