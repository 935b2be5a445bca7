//! The unit tests of the crate with `unsafe` code, under AddressSanitizer: `cargo xtask sanitize`.

use anyhow::Result;

use crate::cargo;

/// A target for which Rust ships the sanitizer runtime.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds crosshead-kernels with its dependencies in `target/sanitize` and runs its unit tests, which fail on out-of-bounds accesses,
/// use after free and leaks.
pub(crate) fn run() -> Result<()> {
    let mut test = cargo::command();
    test.args(["test", "--package", "crosshead-kernels", "--lib", "--features", "flex"]);
    test.args(["--target", TARGET, "--target-dir", "target/sanitize"]);
    // Sanitizers are unstable; this variable enables them in the pinned compiler.
    test.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    cargo::execute(&mut test)
}
