//! Measures [`attention`], forward and backward, with the shapes of training and of decoding.
//!
//! `cargo run --release -p crosshead-kernels --features flex --example profile_attention`; without the feature, it
//! measures the plain implementation.
#![allow(clippy::print_stdout, reason = "a report on the terminal")]

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::{AttentionOptions, Mode, RandomKey, Reach, attention};

#[derive(Clone, Copy)]
struct Shape {
    batch: usize,
    q_len: usize,
    k_len: usize,
    n_heads: usize,
    d_head: usize,
    causal: bool,
    dropout: f32,
}

fn main() {
    let training = Shape {
        batch: 64,
        q_len: 32,
        k_len: 32,
        n_heads: 4,
        d_head: 64,
        causal: false,
        dropout: 0.0,
    };
    let decoding = Shape { batch: 4, q_len: 1, k_len: 64, ..training };
    let gpt = Shape { batch: 16, q_len: 256, k_len: 256, n_heads: 6, causal: true, ..training };
    println!("training  batch  queries  keys  heads    forward    forward and backward");
    for shape in [
        training,
        Shape { dropout: 0.1, ..training },
        Shape { batch: 125, q_len: 8, k_len: 8, ..training },
        Shape { batch: 40, q_len: 25, k_len: 25, causal: true, ..training },
        gpt,
        Shape { dropout: 0.1, ..gpt },
        Shape { batch: 1, q_len: 4096, k_len: 4096, n_heads: 2, ..gpt },
    ] {
        report(shape, true);
    }
    println!("decoding");
    for shape in [
        Shape { batch: 1, ..decoding },
        decoding,
        Shape { batch: 32, ..decoding },
        Shape { batch: 1, k_len: 1024, n_heads: 12, ..decoding },
        Shape { batch: 4, k_len: 4096, n_heads: 12, ..decoding },
    ] {
        report(shape, false);
    }
}

fn report(shape: Shape, backward: bool) {
    let Shape { batch, q_len, k_len, n_heads, d_head, causal, dropout } = shape;
    let scores = (batch * n_heads * q_len * k_len) as f64 / if causal { 2.0 } else { 1.0 };
    let product = 2.0 * scores * d_head as f64;
    let forward = seconds(|| run(shape, false));
    print!("{batch:14} {q_len:8} {k_len:5} {n_heads:6} {:9.3} ms", forward * 1e3);
    if backward {
        let both = seconds(|| run(shape, true));
        print!(" {:5.0} GFLOP/s", 2.0 * product / forward / 1e9);
        print!(" {:9.3} ms {:5.0} GFLOP/s", both * 1e3, 7.0 * product / both / 1e9);
    } else {
        let bytes = (2 * 4 * batch * k_len * n_heads * d_head) as f64;
        print!(" {:5.1} GB/s", bytes / forward / 1e9);
    }
    println!(
        "{}{}",
        if causal { "  causal" } else { "" },
        if dropout > 0.0 { "  dropout" } else { "" }
    );
}

/// The shortest of several runs.
fn seconds(run: impl Fn() -> f64) -> f64 {
    (0..30).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn run(shape: Shape, backward: bool) -> f64 {
    let Shape { batch, q_len, k_len, n_heads, d_head, causal, dropout } = shape;
    let device = if backward { Device::flex().autodiff() } else { Device::flex() };
    let heads = |len: usize| {
        let values = RandomKey::new(1).uniform(batch * len * n_heads * d_head);
        Tensor::<4>::from_data(TensorData::new(values, [batch, len, n_heads, d_head]), &device)
    };
    let [q, k, v] = [heads(q_len), heads(k_len), heads(k_len)];
    let options = AttentionOptions {
        scale: 1.0 / (d_head as f32).sqrt(),
        reach: Reach { offset: k_len - q_len, causal, window: None },
        soft_cap: None,
        dropout,
    };
    let mode = Mode::Train(RandomKey::new(2));
    if backward {
        let [q, k, v] = [q.require_grad(), k.require_grad(), v.require_grad()];
        let start = Instant::now();
        drop(attention(q, k, v, None, options, mode).sum().backward());
        start.elapsed().as_secs_f64()
    } else {
        let start = Instant::now();
        drop(attention(q, k, v, None, options, mode));
        start.elapsed().as_secs_f64()
    }
}
