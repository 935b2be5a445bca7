//! The gradient of every operation agrees with finite differences.

use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_kernels::{
    Activation, AttentionOptions, CrossEntropy, LabelSmoothing, LinearWeights, Mode, NormWeights,
    RandomKey, Reach, add_dropout, add_norm, add_then_norm, attention, dropout, embedding,
    gated_linear, linear, linear_cross_entropy_with,
};
use crosshead_testkit::{gradients_agree_with_finite_differences, random};
use proptest::prelude::*;

const TOLERANCE: f32 = 2e-3;

fn matrix(rows: usize, columns: usize, seed: u64) -> Tensor<2> {
    random([rows, columns], seed, &Device::flex())
}

fn ids(values: impl IntoIterator<Item = usize>) -> Tensor<1, Int> {
    let values: Vec<i64> = values.into_iter().map(|value| value as i64).collect();
    let len = values.len();
    Tensor::from_data(TensorData::new(values, [len]), &Device::flex())
}

/// Training mode with the same dropout mask in every call.
fn training() -> Mode {
    Mode::Train(RandomKey::new(3))
}

/// Checks the gradient of `f` with respect to each argument.
fn check<const D: usize, const N: usize, const E: usize>(
    f: impl Fn([Tensor<D>; N]) -> Tensor<E>,
    arguments: [Tensor<D>; N],
) {
    for i in 0..N {
        let of_one = |x: Tensor<D>| {
            let mut arguments = arguments.clone();
            arguments[i] = x;
            f(arguments)
        };
        gradients_agree_with_finite_differences(of_one, &arguments[i], TOLERANCE)
            .unwrap_or_else(|error| panic!("argument {i}: {error}"));
    }
}

/// Row counts on both sides of the thresholds between implementations, and odd sizes.
fn sizes() -> impl Strategy<Value = (usize, usize, usize)> {
    (prop_oneof![1..6_usize, 60..70_usize], 3..40_usize, 1..40_usize)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn gradients_of_linear((rows, d_in, d_out) in sizes()) {
        for activation in
            [Activation::Identity, Activation::Gelu, Activation::GeluTanh, Activation::Silu]
        {
            let f = |[x, weight, bias]: [Tensor<2>; 3]| {
                linear(x, weight, Some(bias.squeeze_dim(0)), activation)
            };
            check(f, [matrix(rows, d_in, 1), matrix(d_out, d_in, 2), matrix(1, d_out, 3)]);
        }
    }

    #[test]
    fn gradients_of_gated_linear((rows, d_in, d_out) in sizes()) {
        let f = |[x, gate, gate_bias, up, up_bias]: [Tensor<2>; 5]| {
            let gate = LinearWeights { weight: gate, bias: Some(gate_bias.squeeze_dim(0)) };
            let up = LinearWeights { weight: up, bias: Some(up_bias.squeeze_dim(0)) };
            gated_linear(x, gate, up, Activation::Silu)
        };
        let weight = |seed| matrix(d_out, d_in, seed);
        let bias = |seed| matrix(1, d_out, seed);
        check(f, [matrix(rows, d_in, 1), weight(2), bias(3), weight(4), bias(5)]);
    }

    #[test]
    fn gradients_of_residual_dropout_and_norm((rows, d_model, _) in sizes(), layer: bool, p in 0.0..0.5_f32) {
        let weights = |gamma: Tensor<2>, beta: Tensor<2>| NormWeights {
            gamma: gamma.squeeze_dim(0),
            beta: layer.then(|| beta.squeeze_dim(0)),
            epsilon: 1e-5,
        };
        // RMS norm does not have a shift.
        let shifted = |y: Tensor<2>, beta: Tensor<2>| if layer { y } else { y + beta };
        let arguments = || {
            let row = |seed| matrix(1, d_model, seed);
            [matrix(rows, d_model, 1), matrix(rows, d_model, 2), row(3), row(4)]
        };
        let post = |[residual, x, gamma, beta]: [Tensor<2>; 4]| {
            let norm = weights(gamma, beta.clone());
            shifted(add_norm(residual, x, p, training(), norm), beta)
        };
        check(post, arguments());
        let pre = |[residual, x, gamma, beta]: [Tensor<2>; 4]| {
            let [sum, y] = add_then_norm(residual, x, p, training(), weights(gamma, beta.clone()));
            Tensor::cat(vec![sum, shifted(y, beta)], 1)
        };
        check(pre, arguments());
        let alone = |[residual, x, gamma, beta]: [Tensor<2>; 4]| {
            shifted(weights(gamma, beta.clone()).apply(residual), beta) + x
        };
        check(alone, arguments());
    }

    #[test]
    fn gradients_of_cross_entropy((rows, d_model, n_classes) in sizes(), epsilon in 0.0..0.3_f32, z in 0.0..0.05_f32) {
        // One row of the weight is not a class, and one row is padding.
        let n_classes = n_classes + 1;
        let targets = ids((0..rows).map(|row| if row == 1 { n_classes } else { row % n_classes }));
        for (smoothing, z_loss) in [(LabelSmoothing::None, 0.0), (LabelSmoothing::AllClasses(epsilon), z)] {
            let options = CrossEntropy { smoothing, z_loss };
            let f = |[x, weight, bias]: [Tensor<2>; 3]| {
                let weights = LinearWeights { weight, bias: Some(bias.squeeze_dim(0)) };
                linear_cross_entropy_with(x, weights, targets.clone(), n_classes, options)
            };
            let weight = matrix(n_classes + 1, d_model, 2) * 0.3;
            check(f, [matrix(rows, d_model, 1), weight, matrix(1, n_classes + 1, 3)]);
        }
    }

    #[test]
    fn gradients_of_attention(q_len in 1..20_usize, k_len in 1..20_usize, causal: bool, p in 0.0..0.4_f32) {
        let reach = if causal { Reach::causal(k_len.saturating_sub(q_len)) } else { Reach::default() };
        let options = AttentionOptions { reach, dropout: p, ..AttentionOptions::new(0.4) };
        let f = |[q, k, v, bias]: [Tensor<4>; 4]| {
            attention(q, k, v, Some(bias), options, training())
        };
        let heads = |len, n_heads, seed| random([2, len, n_heads, 5], seed, &Device::flex());
        let bias = random([1, 4, q_len, k_len], 4, &Device::flex());
        check(f, [heads(q_len, 4, 1), heads(k_len, 2, 2), heads(k_len, 2, 3), bias]);
    }

    #[test]
    fn gradients_of_embedding_and_dropout((rows, d_model, vocab_size) in sizes(), p in 0.0..0.5_f32) {
        let rows_of = ids((0..rows).map(|row| row * 7 % vocab_size));
        let f = |[weight]: [Tensor<2>; 1]| embedding(weight, rows_of.clone(), 1.5, None);
        check(f, [matrix(vocab_size, d_model, 1)]);
        check(|[x]: [Tensor<2>; 1]| dropout(x, p, training()), [matrix(rows, d_model, 1)]);
        let sum = |[residual, x]: [Tensor<2>; 2]| add_dropout(residual, x, p, training());
        check(sum, [matrix(rows, d_model, 1), matrix(rows, d_model, 2)]);
    }
}
