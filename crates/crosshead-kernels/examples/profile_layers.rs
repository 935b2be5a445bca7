//! Times of the fused operations of a layer beside the same in plain tensor code, forward and with gradients.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use burn::tensor::{Device, Tensor};
use crosshead_kernels::{Activation, RandomKey, linear};

fn main() {
    // A pool's own threads hand work to each other at once; from outside, every operation wakes the pool.
    rayon::scope(|_| {
        linear_with_gradients();
        linear_inference();
    });
}

/// The training shapes: rows = batch × length.
fn linear_with_gradients() {
    println!("\nlinear: rows, d_in, d_out: forward, forward and backward (fused | plain), GFLOP/s fused");
    let device = Device::flex().autodiff();
    for (rows, d_in, d_out, activation) in [
        (2048, 256, 256, Activation::Identity),
        (2048, 256, 1024, Activation::Relu),
        (2048, 256, 1024, Activation::Gelu),
        (2048, 1024, 256, Activation::Identity),
        (1000, 256, 256, Activation::Identity),
        (200, 256, 256, Activation::Identity),
        (40, 256, 1024, Activation::Relu),
        (4096, 384, 1536, Activation::GeluTanh),
    ] {
        let x = normal(1, [rows, d_in], &device).require_grad();
        let weight = normal(2, [d_out, d_in], &device).require_grad();
        let bias = normal(3, [d_out], &device).require_grad();
        let dy = normal(4, [rows, d_out], &device);
        let fused = || linear(x.clone(), weight.clone(), Some(bias.clone()), activation);
        let plain = || {
            let y = x.clone().matmul(weight.clone().transpose()) + bias.clone().unsqueeze();
            activation.apply(y)
        };
        let flop = (2 * rows * d_in * d_out) as f64;
        let [forward, both] = [best(fused), best(|| (fused() * dy.clone()).sum().backward())];
        let [slow, slow_both] = [best(plain), best(|| (plain() * dy.clone()).sum().backward())];
        println!(
            "{rows:5} {d_in:5} {d_out:5} {activation:?}: {forward:9.1?} {both:9.1?} | {slow:9.1?} {slow_both:9.1?}  {:.0} {:.0}",
            flop / forward.as_nanos() as f64,
            3.0 * flop / both.as_nanos() as f64,
        );
    }
}

/// The decoding shapes: one row a sentence or beam.
fn linear_inference() {
    println!("\nlinear at inference: rows, d_in, d_out: fused | plain, GB/s of weight fused");
    let device = Device::flex();
    for (d_in, d_out) in [(256, 256), (256, 1024), (1024, 256), (256, 8000), (512, 2048)] {
        for rows in [1, 4, 16, 64] {
            let x = normal(1, [rows, d_in], &device);
            let weight = normal(2, [d_out, d_in], &device);
            let bias = normal(3, [d_out], &device);
            let identity = Activation::Identity;
            let fused = best(|| linear(x.clone(), weight.clone(), Some(bias.clone()), identity));
            let plain =
                best(|| x.clone().matmul(weight.clone().transpose()) + bias.clone().unsqueeze());
            println!(
                "{rows:5} {d_in:5} {d_out:5}: {fused:9.1?} | {plain:9.1?}  {:.1}",
                (4 * d_in * d_out) as f64 / fused.as_nanos() as f64,
            );
        }
    }
}

fn normal<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = RandomKey::new(seed).normal(shape.iter().product());
    Tensor::<1>::from_floats(values.as_slice(), device).reshape(shape)
}

/// The shortest of the runs of about a third of a second.
fn best<T>(mut f: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    let mut best = Duration::MAX;
    for run in 0.. {
        if run >= 3 && start.elapsed() > Duration::from_millis(300) {
            break;
        }
        let begin = Instant::now();
        drop(f());
        best = best.min(begin.elapsed());
    }
    best
}
