//! Project automation: `cargo xtask <command>`.

#![allow(clippy::print_stdout, reason = "a command-line program")]

mod bench;
mod book;
mod browser;
mod cargo;
mod ci;
mod clients;
mod deny;
mod docs;
mod fixtures;
mod outside;
mod package;
mod real;
mod reproduce;
mod sanitize;
mod serve;
mod soak;
mod test;
mod tidy;

use std::path::Path;

use anyhow::Result;
use clap::Parser;

/// Project automation: continuous integration, checks, benchmarks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Run every check that must pass: formatting, tidy, clippy, tests, packages, documentation, backends
    Ci,
    /// Run the tests of the workspace, or the parity tests on one device
    Test(test::Args),
    /// Check the project's own rules: dependency graph, `unsafe`, file length, prose, …
    Tidy,
    /// Package every published crate and check the sizes
    Package,
    /// Compile and run README examples outside the workspace, with the packaged crates
    Outside(outside::Args),
    /// Check licenses, sources and bans of the dependencies with cargo-deny
    Deny(deny::Args),
    /// Write the generated files: docs/recipes.md and the licenses of the crates in the binary
    Docs(docs::Args),
    /// Build the book of docs/ with mdBook, or run the commands of its guide
    Book(book::Args),
    /// Regenerate the fixtures with their Python scripts
    Fixtures(fixtures::Args),
    /// Run the benchmarks in release mode
    Bench(bench::Args),
    /// Train a recipe and compare its metrics with the recorded ones (docs/results.toml)
    Reproduce(reproduce::Args),
    /// Run the unit tests of crosshead-kernels under AddressSanitizer, on x86-64 Linux
    Sanitize,
    /// Run the property tests repeatedly with new seeds
    Soak(soak::Args),
    /// Build the documentation of all crates; warnings are errors
    Doc {
        /// Open it in the browser
        #[arg(long)]
        open: bool,
    },
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Ci => ci::run(),
        Command::Test(args) => test::run(&args),
        Command::Tidy => tidy::run(root()),
        Command::Package => package::run(root()).map(drop),
        Command::Outside(args) => outside::run(root(), &args),
        Command::Deny(args) => deny::run(root(), &args),
        Command::Docs(args) => docs::run(root(), &args),
        Command::Book(args) => book::run(root(), &args),
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
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the workspace")
}
