//! Times one benchmark and prints one JSON object:
//! `{"work": …, "unit": …, "rate": …, "seconds": …, "start_mb": …, "rss_mb": …}`.
//!
//! ```sh
//! cargo run --release -p crosshead-tests --example bench -- train-step
//! ```

#![allow(clippy::print_stdout, reason = "a benchmark prints its results")]

mod attention;
mod inference;
mod int8;
mod training;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use crosshead::kernels::{Machine, RandomKey};

/// Warm-up runs.
const WARMUP: usize = 3;

/// A benchmark.
struct Work {
    name: &'static str,
    /// The unit of the rate, as `<units>/s`.
    unit: &'static str,
    units: f64,
    /// Number of timed runs: about ten, or a second's worth of short ones.
    counted: usize,
    /// Prepares the function to be timed.
    start: fn() -> Box<dyn FnMut()>,
}

/// All benchmarks.
fn works() -> Vec<Work> {
    [training::works(), attention::works(), inference::works()].into_iter().flatten().collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, model, dir] = arguments.as_slice()
        && command == "save"
    {
        return int8::save(model, Path::new(dir));
    }
    if arguments == ["machine"] {
        println!("{}", Machine::detect());
        return Ok(());
    }
    let name = arguments.first().map_or("", String::as_str);
    let works = works();
    let Some(work) = works.iter().find(|work| work.name == name) else {
        let names: Vec<&str> = works.iter().map(|work| work.name).collect();
        println!("unknown benchmark: {name}; available: {}", names.join(", "));
        std::process::exit(2);
    };
    report(work);
    Ok(())
}

/// Runs a benchmark and prints the median.
fn report(work: &Work) {
    let start_mb = peak_rss_mb();
    let mut run = (work.start)();
    for _ in 0..WARMUP {
        run();
    }
    let mut seconds: Vec<f64> = (0..work.counted)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[work.counted / 2];
    let (name, unit, rate) = (work.name, work.unit, work.units / median);
    println!(
        r#"{{"work": "{name}", "unit": "{unit}/s", "rate": {rate:.1}, "seconds": {median:.5}, "start_mb": {start_mb:.0}, "rss_mb": {:.0}}}"#,
        peak_rss_mb()
    );
}

/// The peak memory of this process, on Linux.
fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or(f64::NAN)
        / 1024.0
}

/// Random ids below the last id of the vocabulary.
fn random_ids(name: &str, n: usize, vocab_size: usize) -> Vec<u32> {
    RandomKey::new(1).stream(name).take(n).map(|word| word % (vocab_size as u32 - 1)).collect()
}
