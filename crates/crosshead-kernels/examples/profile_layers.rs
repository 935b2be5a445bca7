//! Measures the fused operations of a layer against plain tensor code, forward and backward.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_kernels::{
    Activation, AdamStep, Mode, RandomKey, adam_step, add_dropout, embedding, layer_norm, linear,
    sum_of_squares,
};

fn main() {
    // Threads of the pool share work directly; when called from outside, every operation has to wake the pool.
    rayon::scope(|_| {
        linear_with_gradients();
        linear_inference();
        rows_with_gradients();
        optimizer();
    });
}

/// Training shapes: rows = batch × length.
fn linear_with_gradients() {
    println!(
        "\nlinear: rows, d_in, d_out: forward, forward and backward (fused | plain), GFLOP/s fused"
    );
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

/// Decoding shapes: one row per sequence or beam.
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

/// Memory-bound operations on the rows of a training batch.
fn rows_with_gradients() {
    println!("\nrows: forward, forward and backward (fused | plain)");
    let device = Device::flex().autodiff();
    for (rows, d_model) in [(2048, 256), (1000, 256), (4096, 384)] {
        let x = normal(1, [rows, d_model], &device).require_grad();
        let residual = normal(2, [rows, d_model], &device).require_grad();
        let gamma = normal(3, [d_model], &device).require_grad();
        let beta = normal(4, [d_model], &device).require_grad();
        let dy = normal(5, [rows, d_model], &device);
        let report = |name: &str, fused: &dyn Fn() -> Tensor<2>, plain: &dyn Fn() -> Tensor<2>| {
            let backward = |y: Tensor<2>| (y * dy.clone()).sum().backward();
            println!(
                "{rows:5} {d_model:5} {name:12}: {:9.1?} {:9.1?} | {:9.1?} {:9.1?}",
                best(fused),
                best(|| backward(fused())),
                best(plain),
                best(|| backward(plain())),
            );
        };
        report("layer_norm", &|| layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-5), &|| {
            let centered = x.clone() - x.clone().mean_dim(1);
            let variance = centered.clone().square().mean_dim(1);
            centered / (variance + 1e-5).sqrt() * gamma.clone().unsqueeze()
                + beta.clone().unsqueeze()
        });
        let mode = Mode::Train(RandomKey::new(1));
        report("add_dropout", &|| add_dropout(residual.clone(), x.clone(), 0.1, mode), &|| {
            let mask = x.random_like(burn::tensor::Distribution::Bernoulli(0.9));
            residual.clone() + x.clone() * mask / 0.9
        });
        report("add", &|| residual.clone() + x.clone(), &|| residual.clone() + x.clone());
        let weight = normal(6, [8000, d_model], &device).require_grad();
        let ids: Vec<i32> = RandomKey::new(7).take(rows).map(|word| word as i32 & 4095).collect();
        let ids = Tensor::<1, Int>::from_ints(ids.as_slice(), &device);
        report("embedding", &|| embedding(weight.clone(), ids.clone(), 16.0, None), &|| {
            weight.clone().select(0, ids.clone()) * 16.0
        });
    }
}

/// A parameter of the size of an embedding table.
fn optimizer() {
    println!("\noptimizer: fused, GB/s");
    let device = Device::flex();
    let shape = [8000, 256];
    let bytes = (8000 * 256 * 4) as f64;
    let gradient = normal(1, shape, &device);
    let time = best(|| sum_of_squares(&gradient));
    println!("sum_of_squares: {time:9.1?} {:.1}", bytes / time.as_nanos() as f64);
    let mut state = Some((normal(2, shape, &device), gradient.zeros_like(), gradient.zeros_like()));
    let step = AdamStep {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.98,
        epsilon: 1e-9,
        weight_decay: 0.0,
        step: 1,
        gradient_scale: 1.0,
    };
    let time = best(|| {
        let (parameter, first, second) = state.take().expect("set below");
        state = Some(adam_step(parameter, gradient.clone(), first, second, step));
    });
    println!("adam_step     : {time:9.1?} {:.1}", 7.0 * bytes / time.as_nanos() as f64);
}

fn normal<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = RandomKey::new(seed).normal(shape.iter().product());
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The shortest run within about 0.3 seconds.
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
