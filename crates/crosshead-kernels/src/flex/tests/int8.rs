//! Operations with int8 weights.

use burn::tensor::{Device, Int, Tensor, TensorData};
use proptest::prelude::*;

use crate::flex::testing::{assert_close, assert_same_for_any_number_of_threads, normal};
use crate::{
    Activation, Int8Weight, LabelSmoothing, LinearWeights, dequantize, embedding, gated_linear,
    is_int8, linear, linear_cross_entropy, linear_three,
};

/// A weight in f32 and in int8.
fn weight(seed: u64, [d_out, d_in]: [usize; 2]) -> (Tensor<2>, Tensor<2>) {
    let exact = normal::<2>(seed, [d_out, d_in], &Device::flex()) / (d_in as f32).sqrt();
    let values = exact.to_data();
    let int8 = Int8Weight::quantize(values.as_slice().unwrap(), [d_out, d_in]);
    (exact, int8.into_tensor(&Device::flex()))
}

fn bias(seed: u64, d_out: usize) -> Option<Tensor<1>> {
    Some(normal(seed, [d_out], &Device::flex()))
}

/// Each row rounded to 255 steps between its lowest and its highest value, or 0, as in the operations.
fn rounded(x: &Tensor<2>) -> Tensor<2> {
    let ([_, d_in], mut data) = (x.dims(), x.to_data());
    for row in data.as_mut_slice::<f32>().unwrap().chunks_mut(d_in) {
        let (low, high) =
            row.iter().fold((0.0_f32, 0.0_f32), |(low, high), x| (x.min(low), x.max(high)));
        let scale = high / 255.0 - low / 255.0;
        let inverse = 1.0 / scale;
        let top = 255.0 - (-low * inverse).round_ties_even();
        row.iter_mut().for_each(|x| *x = (*x * inverse).min(top).round_ties_even() * scale);
    }
    Tensor::from_data(data, &Device::flex())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_linear_layer_agrees_with_f32_on_the_quantized_values(
        rows in prop_oneof![1..20_usize, 60..70_usize],
        d_in in 1..300_usize,
        d_out in 1..200_usize,
        relu in any::<bool>(),
    ) {
        let activation = if relu { Activation::Relu } else { Activation::Identity };
        let (_, int8) = weight(1, [d_out, d_in]);
        prop_assert!(is_int8(&int8));
        let x = normal(2, [rows, d_in], &Device::flex());
        let y = linear(x.clone(), int8.clone(), bias(3, d_out), activation);
        let expected = linear(rounded(&x), dequantize(int8), bias(3, d_out), activation);
        assert_close(&[y.into_data()], &[expected.into_data()], 2e-5);
    }

    #[test]
    fn layers_that_share_quantized_rows_equal_separate_layers(
        rows in prop_oneof![1..4_usize, 60..70_usize],
        d_in in 1..300_usize,
        d_outs in prop::array::uniform3(1..200_usize),
    ) {
        let mut seed = 0;
        let weights = d_outs.map(|d_out| {
            seed += 2;
            LinearWeights { weight: weight(seed, [d_out, d_in]).1, bias: bias(seed + 1, d_out) }
        });
        let x = normal::<2>(9, [rows, d_in], &Device::flex());
        let each = weights.clone().map(|LinearWeights { weight, bias }| {
            linear(x.clone(), weight, bias, Activation::Identity).into_data()
        });
        let [gate, up, _] = weights.clone();
        prop_assert_eq!(linear_three(x.clone(), weights).map(Tensor::into_data), each);

        let up = LinearWeights { weight: weight(20, gate.weight.dims()).1, bias: up.bias.filter(|_| false) };
        let product = linear(x.clone(), gate.weight.clone(), gate.bias.clone(), Activation::Silu)
            * linear(x.clone(), up.weight.clone(), None, Activation::Identity);
        let gated = gated_linear(x, gate, up, Activation::Silu);
        prop_assert_eq!(gated.into_data(), product.into_data());
    }

    #[test]
    fn an_embedding_equals_the_one_of_the_dequantized_table(
        ids in prop::collection::vec(0..40_i32, 1..20), d_model in 1..600_usize,
    ) {
        let (_, int8) = weight(1, [40, d_model]);
        let n = ids.len();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [n]), &Device::flex());
        let found = embedding(int8.clone(), ids.clone(), 3.0, Some(0));
        let expected = embedding(dequantize(int8), ids, 3.0, Some(0));
        prop_assert_eq!(found.into_data(), expected.into_data());
    }
}

#[test]
fn the_quantization_error_is_small() {
    let (exact, int8) = weight(1, [300, 256]);
    let x = normal::<2>(2, [40, 256], &Device::flex());
    let found = linear(x.clone(), int8, None, Activation::Identity);
    let expected = linear(x, exact, None, Activation::Identity);
    let error = (found - expected.clone()).square().mean().sqrt() / expected.square().mean().sqrt();
    // Both operands are rounded to about a 255th of six standard deviations, so each error is uniformly distributed.
    assert!(error.clone().into_scalar::<f32>() < 0.015, "{error}");
}

#[test]
fn the_loss_agrees_with_the_loss_of_the_logits() {
    let (_, int8) = weight(1, [50, 64]);
    let x = normal::<2>(2, [300, 64], &Device::flex());
    let targets: Vec<i32> = (0..300).map(|i| i * 7 % 60).collect(); // some are padding
    let targets = Tensor::<1, Int>::from_data(TensorData::new(targets, [300]), &Device::flex());
    let smoothing = LabelSmoothing::AllClasses(0.1);
    let loss =
        linear_cross_entropy(x.clone(), int8.clone(), bias(3, 50), targets.clone(), 45, smoothing);
    // The loss of the logits is computed with the identity matrix as the projection.
    let logits = linear(x, int8, bias(3, 50), Activation::Identity);
    let expected = linear_cross_entropy(
        logits,
        Tensor::eye(50, &Device::flex()),
        None,
        targets,
        45,
        smoothing,
    );
    assert_close(&[loss.into_data()], &[expected.into_data()], 1e-5);
}

#[test]
fn under_autodiff_an_int8_weight_is_an_f32_constant() {
    let (_, int8) = weight(1, [5, 7]);
    let x = normal::<2>(2, [3, 7], &Device::flex().autodiff()).require_grad();
    let y = linear(x.clone(), int8.clone(), None, Activation::Identity);
    let gradient = x.grad(&y.sum().backward()).unwrap();
    let expected = dequantize(int8).sum_dim(0).expand([3, 7]);
    assert_close(&[gradient.into_data()], &[expected.into_data()], 1e-5);
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let (_, int8) = weight(1, [700, 256]);
    for rows in [1, 7, 32, 300] {
        assert_same_for_any_number_of_threads(|| {
            let x = normal(2, [rows, 256], &Device::flex());
            vec![linear(x, int8.clone(), bias(3, 700), Activation::Gelu).into_data()]
        });
    }
}
