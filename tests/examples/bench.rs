//! Times one piece of work and prints one JSON object: `{"work": …, "unit": …, "rate": …, "seconds": …, "rss_mb": …}`.
//!
//! ```sh
//! cargo run --release -p crosshead-tests --example bench -- train-step
//! ```

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use burn::tensor::Device;
use crosshead::kernels::{LabelSmoothing, Mode, RandomKey};
use crosshead::models::{EncoderDecoderConfig, StackConfig, TokenBatch, parameters};
use crosshead::train::{Adam, AdamConfig};

/// Steps before the clock counts, and steps that it counts.
const WARMUP: usize = 3;
const COUNTED: usize = 12;

fn main() {
    let work = std::env::args().nth(1).unwrap_or_else(|| "train-step".to_owned());
    match work.as_str() {
        "train-step" => report(&work, "tokens/s", 64.0 * 64.0, &mut train_step()),
        other => {
            println!("no such work: {other}; there is train-step");
            std::process::exit(2);
        }
    }
}

/// One step of an encoder-decoder: d_model 256, d_ff 1024, 4 heads, 3+3 layers, vocabulary of 8000, batch 64 × (32+32)
/// tokens, dropout 0.1, label smoothing 0.1, Adam with clipping.
fn train_step() -> impl FnMut() {
    let (batch, len, vocab_size) = (64, 32, 8000);
    let config = EncoderDecoderConfig {
        stack: StackConfig { d_model: 256, d_ff: 1024, n_heads: 4, ..StackConfig::default() },
        n_encoder_layers: 3,
        n_decoder_layers: 3,
        ..EncoderDecoderConfig::new(vocab_size)
    };
    let mut model = Some(config.init(1, &Device::flex().autodiff()));
    let mut adam = Adam::new(AdamConfig::default());
    let ids = |name| -> Vec<u32> {
        RandomKey::new(1)
            .stream(name)
            .take(batch * len)
            .map(|word| word % (vocab_size as u32 - 1))
            .collect()
    };
    let (source, target, lengths) = (ids("source"), ids("target"), vec![len; batch]);
    let mut step = 0;
    move || {
        step += 1;
        let mode = Mode::Train(RandomKey::new(1).at_step(step));
        let current = model.take().expect("the optimizer gives the model back");
        let input = |ids| TokenBatch { ids, lengths: &lengths };
        let loss = current.loss(
            input(&source),
            input(&target),
            &target,
            LabelSmoothing::AllClasses(0.1),
            mode,
        );
        let mut gradients = (loss / (batch * len) as f64).backward();
        let gradients = parameters::take_gradients(&current, &mut gradients);
        model = Some(adam.step(current, gradients, 1e-4).0);
    }
}

/// Runs the work and prints the median.
fn report(work: &str, unit: &str, units: f64, run: &mut impl FnMut()) {
    for _ in 0..WARMUP {
        run();
    }
    let mut seconds: Vec<f64> = (0..COUNTED)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[COUNTED / 2];
    println!(
        r#"{{"work": "{work}", "unit": "{unit}", "rate": {:.1}, "seconds": {median:.4}, "rss_mb": {:.0}}}"#,
        units / median,
        peak_rss_mb()
    );
}

/// The most memory this process held, where the system tells (Linux).
fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or(f64::NAN)
        / 1024.0
}
