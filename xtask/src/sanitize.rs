//! The unit tests of the crate that holds `unsafe`, under AddressSanitizer.

use anyhow::Result;

use crate::cargo;

/// Rust ships the sanitizer's runtime for this target.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds crosshead-kernels and what it needs anew, in `target/sanitize`, and runs its unit tests: an access outside its
/// memory or after its end, and memory that nobody frees, fail them.
pub(crate) fn run() -> Result<()> {
    let mut test = cargo::command();
    test.args(["test", "--package", "crosshead-kernels", "--lib", "--features", "flex"]);
    test.args(["--target", TARGET, "--target-dir", "target/sanitize"]);
    // Sanitizers are an unstable option, which the pinned compiler takes with this variable.
    test.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    cargo::execute(&mut test)
}
