//! Times one piece of work and prints one JSON object: `{"work": …, "unit": …, "rate": …, "seconds": …, "rss_mb": …}`.
//!
//! ```sh
//! cargo run --release -p crosshead-tests --example bench -- train-step
//! ```

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use burn::tensor::Device;
use crosshead::blocks::NormOrder;
use crosshead::kernels::{Activation, LabelSmoothing, Mode, RandomKey};
use crosshead::models::{
    CausalLmConfig, EncoderConfig, EncoderDecoderConfig, PositionKind, StackConfig, TokenBatch,
    parameters,
};
use crosshead::train::{Adam, AdamConfig};

/// Steps before the clock counts, and steps that it counts: a second of short ones.
const WARMUP: usize = 3;
const COUNTED: usize = 12;
const COUNTED_SHORT: usize = 200;

fn main() {
    let work = std::env::args().nth(1).unwrap_or_else(|| "train-step".to_owned());
    match work.as_str() {
        "train-step" => report(&work, "tokens/s", 64.0 * 64.0, &mut train_step()),
        "gpt-step" => report(&work, "tokens/s", 16.0 * 256.0, &mut gpt_step()),
        "encoder-batch" => report(&work, "tokens/s", 32.0 * 128.0, &mut encoder(32, 128)),
        "encoder-single" => report(&work, "sentences/s", 1.0, &mut encoder(1, 16)),
        other => {
            println!(
                "no such work: {other}; there are train-step, gpt-step, encoder-batch, encoder-single"
            );
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
    let ids = |name| random_ids(name, batch * len, vocab_size);
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

/// One step of a GPT: 6 layers, d_model 384, 6 heads, context of 256, batch 16, vocabulary of 65, no dropout, AdamW's
/// arithmetic without decay.
fn gpt_step() -> impl FnMut() {
    let (batch, len, vocab_size) = (16, 256, 65);
    let config = CausalLmConfig {
        vocab_size,
        stack: StackConfig {
            d_model: 384,
            d_ff: 1536,
            n_heads: 6,
            positions: PositionKind::Learned { offset: 0 },
            max_len: len,
            norm_order: NormOrder::Pre,
            scale_embedding: false,
            activation: Activation::GeluTanh,
            dropout: 0.0,
            ..StackConfig::default()
        },
        n_layers: 6,
        tied_output: true,
        bos_id: None,
        eos_id: None,
        pad_id: None,
    };
    let mut model = Some(config.init(1, &Device::flex().autodiff()));
    let mut adam = Adam::new(AdamConfig::default());
    let ids = random_ids("text", batch * len, vocab_size);
    let (targets, lengths) = (random_ids("targets", batch * len, vocab_size), vec![len; batch]);
    let mut step = 0;
    move || {
        step += 1;
        let mode = Mode::Train(RandomKey::new(1).at_step(step));
        let current = model.take().expect("the optimizer gives the model back");
        let tokens = TokenBatch { ids: &ids, lengths: &lengths };
        let loss = current.loss(tokens, &targets, LabelSmoothing::None, mode);
        let mut gradients = (loss / (batch * len) as f64).backward();
        let gradients = parameters::take_gradients(&current, &mut gradients);
        model = Some(adam.step(current, gradients, 1e-4).0);
    }
}

/// The forward pass of all-MiniLM-L6's shape: 6 layers, d_model 384, 12 heads, vocabulary of 30,522.
fn encoder(batch: usize, len: usize) -> impl FnMut() {
    let vocab_size = 30_522;
    let config = EncoderConfig {
        vocab_size,
        stack: StackConfig {
            d_model: 384,
            d_ff: 1536,
            n_heads: 12,
            positions: PositionKind::Learned { offset: 0 },
            norm_epsilon: 1e-12,
            embedding_norm: true,
            scale_embedding: false,
            activation: Activation::Gelu,
            ..StackConfig::default()
        },
        n_layers: 6,
        n_token_types: 2,
        pad_id: 0,
    };
    let model = config.init(1, &Device::flex());
    let (ids, lengths) = (random_ids("text", batch * len, vocab_size), vec![len; batch]);
    move || {
        let tokens = TokenBatch { ids: &ids, lengths: &lengths };
        drop(model.forward(tokens, None, Mode::Eval).into_data());
    }
}

/// Ids below the vocabulary's last.
fn random_ids(name: &str, n: usize, vocab_size: usize) -> Vec<u32> {
    RandomKey::new(1).stream(name).take(n).map(|word| word % (vocab_size as u32 - 1)).collect()
}

/// Runs the work and prints the median.
fn report(work: &str, unit: &str, units: f64, run: &mut impl FnMut()) {
    for _ in 0..WARMUP {
        run();
    }
    let counted = if work == "encoder-single" { COUNTED_SHORT } else { COUNTED };
    let mut seconds: Vec<f64> = (0..counted)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[counted / 2];
    println!(
        r#"{{"work": "{work}", "unit": "{unit}", "rate": {:.1}, "seconds": {median:.5}, "rss_mb": {:.0}}}"#,
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
