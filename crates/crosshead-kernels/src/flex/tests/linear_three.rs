//! Three linear layers applied to the same rows.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::flex::testing::{assert_same_for_any_number_of_threads, normal, value_and_gradients};
use crate::{Activation, LinearWeights, linear, linear_three};

type Inputs = (Tensor<2>, [LinearWeights; 3]);

/// Three layers of different sizes, the middle one without a bias.
fn inputs(rows: usize, d_in: usize, d_outs: [usize; 3], device: &Device) -> Inputs {
    let mut seed = 1;
    let weights = d_outs.map(|d_out| {
        seed += 2;
        let bias = (seed != 5).then(|| normal(seed + 1, [d_out], device));
        LinearWeights { weight: normal(seed, [d_out, d_in], device), bias }
    });
    (normal(1, [rows, d_in], device), weights)
}

fn one_by_one(x: Tensor<2>, weights: [LinearWeights; 3]) -> [Tensor<2>; 3] {
    weights
        .map(|LinearWeights { weight, bias }| linear(x.clone(), weight, bias, Activation::Identity))
}

/// The concatenated outputs, and the gradients of x and the weights.
fn run(
    (x, weights): Inputs,
    body: fn(Tensor<2>, [LinearWeights; 3]) -> [Tensor<2>; 3],
) -> Vec<TensorData> {
    let x = x.require_grad();
    let weights = weights.map(|LinearWeights { weight, bias }| LinearWeights {
        weight: weight.require_grad(),
        bias: bias.map(Tensor::require_grad),
    });
    let y = Tensor::cat(body(x.clone(), weights.clone()).to_vec(), 1);
    let [first, second, third] = weights.map(|weights| weights.weight);
    value_and_gradients!(y, [x, first, second, third])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn three_layers_in_one_call_are_bit_identical_to_three_calls(
        rows in prop_oneof![0..4_usize, 60..70_usize],
        d_in in 1..300_usize,
        d_outs in prop::array::uniform3(1..200_usize),
    ) {
        let (x, weights) = inputs(rows, d_in, d_outs, &Device::flex());
        let at_once = linear_three(x.clone(), weights.clone()).map(Tensor::into_data);
        prop_assert_eq!(at_once, one_by_one(x, weights).map(Tensor::into_data));

        let inputs = inputs(rows.max(1), d_in, d_outs, &Device::flex().autodiff());
        prop_assert_eq!(run(inputs.clone(), linear_three), run(inputs, one_by_one));
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for rows in [1, 7] {
        assert_same_for_any_number_of_threads(|| {
            let (x, weights) = inputs(rows, 256, [256, 64, 300], &Device::flex());
            linear_three(x, weights).map(Tensor::into_data).to_vec()
        });
    }
}
