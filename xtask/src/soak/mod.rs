//! Property tests with new seeds: `cargo xtask soak proptest`.

mod binary;
mod source;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use clap::Subcommand;

use binary::{Binary, Failure};

/// Arguments of `cargo xtask soak`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run every property test of the workspace repeatedly with new seeds; `cargo test` uses a fixed one
    Proptest {
        /// Number of runs of each test
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
}

/// Runs the tests and returns an error if one of them fails.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let What::Proptest { runs } = args.what;
    let binaries = binaries_with_property_tests(root)?;
    let n_tests: usize = binaries.iter().map(|binary| binary.tests.len()).sum();
    println!("{n_tests} property tests in {} binaries, {runs} runs", binaries.len());
    let mut failures: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for run in 1..=runs {
        let (seed, start) = (new_seed(), Instant::now());
        let mut failed = 0;
        for binary in &binaries {
            for Failure { test, report } in binary.run(seed)? {
                failed += 1;
                println!("FAILED {test}, seed {seed}:\n{report}\n");
                failures.entry(test).or_default().push(seed);
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("run {run} of {runs}: seed {seed}, {failed} of {n_tests} failed, {seconds:.1} s");
    }
    if failures.is_empty() {
        println!("No property test failed in {runs} runs.");
        return Ok(());
    }
    for (test, seeds) in &failures {
        println!("{test} failed in {} of {runs} runs:", seeds.len());
        println!("    PROPTEST_RNG_SEED={} cargo test --workspace {test}", seeds[0]);
    }
    bail!("{} property tests failed", failures.len())
}

/// The test binaries of the workspace with their property tests.
fn binaries_with_property_tests(root: &Path) -> Result<Vec<Binary>> {
    let mut binaries = binary::build()?;
    let mut tests: BTreeMap<_, BTreeMap<String, bool>> = BTreeMap::new();
    for test in source::property_tests(root)? {
        tests.entry(test.package).or_default().insert(test.name, false);
    }
    for binary in &mut binaries {
        let Some(named) = tests.get_mut(&binary.package) else {
            binary.tests.clear();
            continue;
        };
        binary.tests.retain(|path| {
            let name = path.rsplit("::").next().unwrap_or(path);
            named.get_mut(name).map(|found| *found = true).is_some()
        });
    }
    for (package, named) in &tests {
        let lost: Vec<&str> =
            named.iter().filter(|(_, found)| !**found).map(|(name, _)| name.as_str()).collect();
        ensure!(
            lost.is_empty(),
            "no test binary of {} contains {}",
            package.display(),
            lost.join(", ")
        );
    }
    binaries.retain(|binary| !binary.tests.is_empty());
    Ok(binaries)
}

/// A random seed from the operating system.
fn new_seed() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    #[test]
    fn cargo_sets_a_seed_and_disables_failure_files() {
        for variable in [binary::SEED, binary::NO_FILES] {
            assert!(env::var_os(variable).is_some(), "{variable} is missing in .cargo/config.toml");
        }
    }

    #[test]
    fn seeds_differ() {
        assert_ne!(new_seed(), new_seed());
    }
}
