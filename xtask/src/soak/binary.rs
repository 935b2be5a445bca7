//! Builds test binaries, lists their tests and runs some of them.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{cargo, root};

/// The environment variable with the seed of proptest.
pub(super) const SEED: &str = "PROPTEST_RNG_SEED";

/// The environment variable that stops proptest from writing failures to the source tree.
pub(super) const NO_FILES: &str = "PROPTEST_DISABLE_FAILURE_PERSISTENCE";

/// The maximum number of lines shown of a failed test's output.
const MOST_LINES: usize = 60;

/// The binary of a test target.
pub(super) struct Binary {
    /// The folder of its package.
    pub(super) package: PathBuf,
    executable: PathBuf,
    /// Tests by path, such as `encoder::padding_does_not_change_real_outputs`.
    pub(super) tests: Vec<String>,
}

/// A failed test and its output.
#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) test: String,
    pub(super) report: String,
}

/// Builds the test binaries of the workspace and lists their tests.
pub(super) fn build() -> Result<Vec<Binary>> {
    let mut command = cargo::command();
    command.args(["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"]);
    let mut child =
        command.current_dir(root()).stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let mut messages = String::new();
    child.stdout.take().context("cargo has no output")?.read_to_string(&mut messages)?;
    ensure!(child.wait()?.success(), "cargo cannot build the tests");
    messages.lines().filter_map(|line| artifact(line).transpose()).collect()
}

/// The test binary in a message of cargo.
fn artifact(message: &str) -> Result<Option<Binary>> {
    let message: Value = serde_json::from_str(message).context("cannot parse the JSON of cargo")?;
    let text = |value: &Value| value.as_str().map(PathBuf::from);
    let (Some(executable), Some(manifest)) =
        (text(&message["executable"]), text(&message["manifest_path"]))
    else {
        return Ok(None);
    };
    if message["profile"]["test"] != Value::Bool(true) {
        return Ok(None);
    }
    let package = manifest.parent().context("a manifest without a folder")?.to_owned();
    let list = Command::new(&executable)
        .args(["--list", "--format", "terse"])
        .current_dir(&package)
        .output()
        .with_context(|| format!("cannot start {}", executable.display()))?;
    let list = String::from_utf8(list.stdout)?;
    let tests = list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned);
    Ok(Some(Binary { tests: tests.collect(), package, executable }))
}

impl Binary {
    /// Runs the tests with a seed and returns the failed ones.
    pub(super) fn run(&self, seed: u64) -> Result<Vec<Failure>> {
        let output = Command::new(&self.executable)
            .arg("--exact")
            .args(&self.tests)
            .current_dir(&self.package)
            .env("CARGO_MANIFEST_DIR", &self.package)
            .env(SEED, seed.to_string())
            .env(NO_FILES, "1")
            .output()
            .with_context(|| format!("cannot start {}", self.executable.display()))?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        let failures = failures(&stdout);
        ensure!(
            output.status.success() || !failures.is_empty(),
            "{} with seed {seed} ended with {}:\n{stdout}{}",
            self.executable.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(failures)
    }
}

/// The failed tests in the output of a test binary.
fn failures(output: &str) -> Vec<Failure> {
    let failed = output.lines().filter_map(|line| {
        line.strip_prefix("test ")?.strip_suffix(" ... FAILED").map(str::to_owned)
    });
    failed.map(|test| Failure { report: report(output, &test), test }).collect()
}

/// The output of a test, up to the heading of the next one.
fn report(output: &str, test: &str) -> String {
    let heading = format!("---- {test} stdout ----");
    let lines = output.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("---- ") && *line != "failures:");
    lines.take(MOST_LINES).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_found_with_their_output() {
        let output = "running 2 tests\ntest a::one ... ok\ntest a::two ... FAILED\n\nfailures:\n\n\
                      ---- a::two stdout ----\nminimal failing input: x = 3\n\nfailures:\n    a::two\n";
        let report = "minimal failing input: x = 3".to_owned();
        assert_eq!(failures(output), [Failure { test: "a::two".to_owned(), report }]);
        assert!(failures("test a::one ... ok\n").is_empty());
    }
}
