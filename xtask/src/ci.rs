//! Every check of continuous integration. The fast ones run first.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::{book, cargo, docs, outside, package, root, test, tidy};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 11] = [
    ("fmt", || cargo::run(["fmt", "--all", "--check"])),
    ("tidy", || tidy::run(root())),
    ("package", || package::run(root()).map(drop)),
    ("clippy", || {
        cargo::run(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    }),
    ("test", || test::run(&test::Args::default())),
    ("book", || book::run(root(), &book::Args { run: true })),
    ("outside", || outside::run(root(), &outside::Args::default())),
    ("docs", || docs::run(root(), &docs::Args { check: true })),
    ("features", check_without_features),
    ("doc", || cargo::doc(false)),
    ("backends", test::run_backends),
];

/// Runs the steps, stops at the first failure, and prints how long each step took.
pub(crate) fn run() -> Result<()> {
    let mut times = Vec::new();
    for (name, step) in STEPS {
        println!("\n==> {name}");
        let start = Instant::now();
        step().with_context(|| format!("step `{name}` failed"))?;
        times.push((name, start.elapsed().as_secs_f64()));
    }
    println!("\nAll steps passed:");
    for (name, seconds) in times {
        println!("{name:>10} {seconds:7.1} s");
    }
    Ok(())
}

/// The libraries must also compile without the feature `flex`.
fn check_without_features() -> Result<()> {
    cargo::run(["check", "--workspace", "--lib", "--no-default-features"])
}
