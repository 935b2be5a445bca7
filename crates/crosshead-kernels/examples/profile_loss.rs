//! Measures [`linear_cross_entropy`], forward and backward, with the shapes of training.
//!
//! `cargo run --release -p crosshead-kernels --features flex --example profile_loss`; without the feature, it
//! measures the plain implementation.
#![allow(clippy::print_stdout, reason = "a report on the terminal")]

use std::time::Instant;

use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_kernels::{LabelSmoothing, RandomKey, linear_cross_entropy};

fn main() {
    println!("  rows  d_model  vocab   forward        forward and backward");
    for (rows, d_model, vocab_size) in
        [(2048, 256, 8000), (1000, 256, 6000), (4096, 384, 4096), (1024, 768, 50257)]
    {
        let flops = 2.0 * (rows * d_model * vocab_size) as f64;
        let alone = seconds(|| forward(Inputs::new(&Device::flex(), rows, d_model, vocab_size)));
        let device = Device::flex().autodiff();
        let both =
            seconds(|| forward_and_backward(Inputs::new(&device, rows, d_model, vocab_size)));
        println!(
            "{rows:6} {d_model:8} {vocab_size:6} {:7.1} ms {:4.0} GFLOP/s {:7.1} ms {:4.0} GFLOP/s",
            alone * 1e3,
            flops / alone / 1e9,
            both * 1e3,
            3.0 * flops / both / 1e9,
        );
    }
}

struct Inputs {
    x: Tensor<2>,
    weight: Tensor<2>,
    targets: Tensor<1, Int>,
    vocab_size: usize,
}

impl Inputs {
    fn new(device: &Device, rows: usize, d_model: usize, vocab_size: usize) -> Self {
        let tensor = |rows: usize, scale: f32| {
            let values: Vec<f32> = RandomKey::new(1).uniform(rows * d_model);
            let tensor = Tensor::from_data(TensorData::new(values, [rows, d_model]), device);
            (tensor - 0.5) * scale
        };
        let targets: Vec<i64> = (0..rows).map(|row| (row * 37 % vocab_size) as i64).collect();
        Self {
            x: tensor(rows, 2.0).detach(),
            weight: tensor(vocab_size, 0.2).detach(),
            targets: Tensor::from_data(TensorData::new(targets, [rows]), device),
            vocab_size,
        }
    }
}

/// The shortest of several runs, without their setup.
fn seconds(run: impl Fn() -> f64) -> f64 {
    (0..10).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn loss(inputs: Inputs) -> Tensor<1> {
    let Inputs { x, weight, targets, vocab_size } = inputs;
    let smoothing = LabelSmoothing::AllClasses(0.1);
    linear_cross_entropy(x, weight, None, targets, vocab_size, smoothing)
}

fn forward(inputs: Inputs) -> f64 {
    let start = Instant::now();
    drop(loss(inputs));
    start.elapsed().as_secs_f64()
}

fn forward_and_backward(inputs: Inputs) -> f64 {
    let inputs =
        Inputs { x: inputs.x.require_grad(), weight: inputs.weight.require_grad(), ..inputs };
    let start = Instant::now();
    drop((loss(inputs) / 1000.0).backward());
    start.elapsed().as_secs_f64()
}
