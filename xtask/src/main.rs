//! Project automation: `cargo xtask <command>`.

#![allow(clippy::print_stdout, reason = "a command-line program")]

mod bench;
mod cargo;
mod ci;
mod fixtures;
mod real;
mod reproduce;
mod sanitize;
mod soak;
mod test;
mod tidy;

use std::path::Path;

use anyhow::Result;
use clap::Parser;

/// Project automation: what continuous integration runs, and what keeps the code in order.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// All checks: format, tidy, clippy, tests, builds without features, documentation
    Ci,
    /// The tests of the workspace, or those of one device's backend
    Test(test::Args),
    /// The rules that the compiler does not know: the dependency graph, `unsafe`, file length, …
    Tidy,
    /// Regenerates the fixtures with the Python scripts beside them
    Fixtures(fixtures::Args),
    /// The benchmarks, in release mode
    Bench(bench::Args),
    /// Trains a recipe and compares its figures with the recorded ones (docs/results.toml)
    Reproduce(reproduce::Args),
    /// The unit tests of crosshead-kernels under AddressSanitizer, on x86-64 Linux
    Sanitize,
    /// Tests that draw their cases, again and again with new seeds
    Soak(soak::Args),
    /// The documentation of all crates; a warning is an error
    Doc {
        /// Opens it in the browser
        #[arg(long)]
        open: bool,
    },
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Ci => ci::run(),
        Command::Test(args) => test::run(&args),
        Command::Tidy => tidy::run(root()),
        Command::Fixtures(args) => fixtures::run(root(), &args),
        Command::Bench(args) => bench::run(root(), &args),
        Command::Reproduce(args) => reproduce::run(root(), &args),
        Command::Sanitize => sanitize::run(),
        Command::Soak(args) => soak::run(root(), &args),
        Command::Doc { open } => cargo::doc(open),
    }
}

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}
