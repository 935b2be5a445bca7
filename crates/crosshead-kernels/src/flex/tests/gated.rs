//! The gated linear unit.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::flex::testing::{
    assert_close, assert_same_for_any_number_of_threads, normal, value_and_gradients,
};
use crate::ops::gated::{gated_linear, plain};
use crate::{Activation, LinearWeights};

type Body = fn(Tensor<2>, LinearWeights, LinearWeights, Activation) -> Tensor<2>;

#[derive(Clone, Copy, Debug)]
struct Case {
    rows: usize,
    d_in: usize,
    d_out: usize,
    bias: bool,
    activation: Activation,
}

impl Case {
    fn x(self, device: &Device) -> Tensor<2> {
        normal(1, [self.rows, self.d_in], device)
    }

    fn weights(self, seed: u64, device: &Device) -> LinearWeights {
        let Self { d_in, d_out, .. } = self;
        let weight = normal::<2>(seed, [d_out, d_in], device) / (d_in as f32).sqrt();
        let bias = self.bias.then(|| normal(seed + 1, [d_out], device));
        LinearWeights { weight: weight.detach(), bias }
    }

    /// The output and the gradients of x, both weights and both biases.
    fn run(self, body: Body) -> Vec<TensorData> {
        let device = Device::flex().autodiff();
        let x = self.x(&device).require_grad();
        let [gate, up] = [2, 4].map(|seed| self.weights(seed, &device)).map(|map| LinearWeights {
            weight: map.weight.require_grad(),
            bias: map.bias.map(Tensor::require_grad),
        });
        let y = body(x.clone(), gate.clone(), up.clone(), self.activation);
        match (gate.bias, up.bias) {
            (Some(gate_bias), Some(up_bias)) => {
                value_and_gradients!(y, [x, gate.weight, up.weight, gate_bias, up_bias])
            }
            _ => value_and_gradients!(y, [x, gate.weight, up.weight]),
        }
    }
}

const ACTIVATIONS: [Activation; 5] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Silu,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn fused_equals_plain(
        rows in prop_oneof![0..5_usize, 60..70_usize, 1..300_usize],
        d_in in 1..80_usize,
        d_out in 1..80_usize,
        bias: bool,
        activation in proptest::sample::select(&ACTIVATIONS),
    ) {
        let case = Case { rows, d_in, d_out, bias, activation };
        // Sums of up to 300 products in a different order have errors of about √300 · 6e-8; there are two such sums.
        assert_close(&case.run(gated_linear), &case.run(plain), 4e-6);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for rows in [3, 50, 333] {
        let case = Case { rows, d_in: 129, d_out: 257, bias: true, activation: Activation::Silu };
        assert_same_for_any_number_of_threads(|| case.run(gated_linear));
    }
}

#[test]
fn untracked_weights_do_not_change_the_gradient_of_x() {
    let case = Case { rows: 70, d_in: 5, d_out: 4, bias: true, activation: Activation::Silu };
    let device = Device::flex().autodiff();
    let x = case.x(&device).require_grad();
    let [gate, up] = [2, 4].map(|seed| case.weights(seed, &device));
    let y = gated_linear(x.clone(), gate, up, case.activation);
    assert_close(&value_and_gradients!(y, [x]), &case.run(plain)[..2], 4e-6);
}

#[test]
fn without_autodiff_the_output_is_the_same() {
    for rows in [4, 130] {
        let case = Case { rows, d_in: 33, d_out: 20, bias: true, activation: Activation::Gelu };
        let device = Device::flex();
        let [gate, up] = [2, 4].map(|seed| case.weights(seed, &device));
        let y = gated_linear(case.x(&device), gate, up, case.activation).into_data();
        assert_eq!(y, case.run(gated_linear)[0]);
    }
}
