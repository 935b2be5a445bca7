//! The linear layer with its activation.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::Activation;
use crate::flex::testing::{
    assert_close, assert_same_for_any_number_of_threads, normal, value_and_gradients,
};
use crate::ops::linear::{linear, plain};

type Body = fn(Tensor<2>, Tensor<2>, Option<Tensor<1>>, Activation) -> Tensor<2>;

const ACTIVATIONS: [Activation; 5] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Silu,
];

#[derive(Clone, Copy, Debug)]
struct Case {
    rows: usize,
    d_in: usize,
    d_out: usize,
    bias: bool,
    activation: Activation,
}

impl Case {
    fn inputs(self, device: &Device) -> (Tensor<2>, Tensor<2>, Option<Tensor<1>>) {
        let Self { rows, d_in, d_out, bias, .. } = self;
        let weight = normal::<2>(2, [d_out, d_in], device) / (d_in.max(1) as f32).sqrt();
        (normal(1, [rows, d_in], device), weight, bias.then(|| normal(3, [d_out], device)))
    }

    /// The output and the gradients of x, the weight and the bias.
    fn run(self, body: Body) -> Vec<TensorData> {
        let (x, weight, bias) = self.inputs(&Device::flex().autodiff());
        let (x, weight) = (x.require_grad(), weight.require_grad());
        let bias = bias.map(Tensor::require_grad);
        let y = body(x.clone(), weight.clone(), bias.clone(), self.activation);
        match bias {
            Some(bias) => value_and_gradients!(y, [x, weight, bias]),
            None => value_and_gradients!(y, [x, weight]),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fused_equals_plain(
        rows in prop_oneof![0..5_usize, 60..70_usize, 1..300_usize],
        d_in in 1..80_usize,
        d_out in 1..80_usize,
        bias: bool,
        activation in proptest::sample::select(&ACTIVATIONS),
    ) {
        let case = Case { rows, d_in, d_out, bias, activation };
        // Sums of up to 300 products in a different order have errors of about √300 · 6e-8.
        assert_close(&case.run(linear), &case.run(plain), 2e-6);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for rows in [3, 50, 333] {
        let case = Case { rows, d_in: 129, d_out: 257, bias: true, activation: Activation::Gelu };
        assert_same_for_any_number_of_threads(|| case.run(linear));
    }
}

#[test]
fn untracked_inputs_get_no_gradient_and_do_not_change_the_others() {
    let case = Case { rows: 9, d_in: 5, d_out: 4, bias: true, activation: Activation::Silu };
    let expected = case.run(plain);
    let (x, weight, bias) = case.inputs(&Device::flex().autodiff());
    let bias = bias.map(Tensor::require_grad).expect("a bias");
    let y = linear(x.clone(), weight.clone(), Some(bias.clone()), case.activation);
    let results = value_and_gradients!(y, [x, weight, bias]);
    assert_close(&results, &[expected[0].clone(), expected[3].clone()], 2e-6);
}

#[test]
fn without_autodiff_the_output_is_the_same() {
    for activation in ACTIVATIONS {
        for rows in [2, 100] {
            let case = Case { rows, d_in: 24, d_out: 40, bias: true, activation };
            let (x, weight, bias) = case.inputs(&Device::flex());
            let y = linear(x, weight, bias, activation).into_data();
            assert_eq!(y, case.run(linear)[0], "{case:?}");
        }
    }
}

#[test]
fn transposed_and_sliced_inputs_are_read_in_logical_order() {
    let device = Device::flex();
    let (x, weight) = (normal::<2>(1, [6, 20], &device), normal::<2>(2, [6, 10], &device));
    let (x, weight) = (x.transpose().narrow(0, 3, 9), weight.transpose());
    let y = linear(x.clone(), weight.clone(), None, Activation::Relu);
    let expected = plain(x, weight, None, Activation::Relu);
    assert_close(&[y.into_data()], &[expected.into_data()], 1e-6);
}

#[test]
fn gradients_accumulate_for_an_input_used_twice() {
    let device = Device::flex().autodiff();
    let run = |body: Body| {
        let x = normal::<2>(1, [70, 16], &device).require_grad();
        let weight = normal::<2>(2, [16, 16], &device).require_grad();
        let hidden = body(x.clone(), weight.clone(), None, Activation::Relu);
        let y = body(hidden.clone(), weight.clone(), None, Activation::Identity) + hidden;
        value_and_gradients!(y, [x, weight])
    };
    assert_close(&run(linear), &run(plain), 1e-5);
}

#[test]
#[should_panic(expected = "x [2, 3] and weight [4, 5] do not match")]
fn mismatched_shapes_panic_with_both_shapes() {
    let device = Device::flex();
    let _ = linear(normal(1, [2, 3], &device), normal(2, [4, 5], &device), None, Activation::Relu);
}
