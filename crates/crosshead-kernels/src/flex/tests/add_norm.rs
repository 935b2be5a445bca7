//! The residual connection and its norm.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::args::dropout::DropoutMask;
use crate::flex::testing::{
    assert_close, assert_same_for_any_number_of_threads, normal, value_and_gradients,
};
use crate::ops::add_norm::{self as operation, add_norm, add_then_norm};
use crate::{Mode, NormWeights, RandomKey};

type Body = fn(Tensor<2>, Tensor<2>, f32, Mode, NormWeights) -> [Tensor<2>; 2];

/// The outputs that the loss depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Used {
    Both,
    Sum,
    Normalized,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    rows: usize,
    d_model: usize,
    p: f32,
    layer: bool,
    used: Used,
}

/// `add_norm` with the signature of `add_then_norm`.
fn normalized_alone(
    residual: Tensor<2>,
    x: Tensor<2>,
    p: f32,
    mode: Mode,
    norm: NormWeights,
) -> [Tensor<2>; 2] {
    let y = add_norm(residual, x, p, mode, norm);
    [y.zeros_like(), y]
}

fn plain(
    residual: Tensor<2>,
    x: Tensor<2>,
    p: f32,
    mode: Mode,
    norm: NormWeights,
) -> [Tensor<2>; 2] {
    operation::plain(residual, x, DropoutMask::active(p, mode), norm)
}

impl Case {
    fn mode() -> Mode {
        Mode::Train(RandomKey::new(5).stream("add"))
    }

    fn inputs(self, device: &Device) -> (Tensor<2>, Tensor<2>, NormWeights) {
        let Self { rows, d_model, layer, .. } = self;
        let residual = (normal::<2>(1, [rows, d_model], device) * 2.0 + 0.5).detach();
        let norm = NormWeights {
            gamma: normal(3, [d_model], device),
            beta: layer.then(|| normal(4, [d_model], device)),
            epsilon: 1e-5,
        };
        (residual, normal(2, [rows, d_model], device), norm)
    }

    /// The outputs and the gradients of residual, x, γ and β.
    fn run(self, body: Body) -> Vec<TensorData> {
        let (residual, x, norm) = self.inputs(&Device::flex().autodiff());
        let (residual, x) = (residual.require_grad(), x.require_grad());
        let gamma = norm.gamma.require_grad();
        let beta = norm.beta.map(Tensor::require_grad);
        let norm = NormWeights { gamma: gamma.clone(), beta: beta.clone(), ..norm };
        let [sum, normalized] = body(residual.clone(), x.clone(), self.p, Self::mode(), norm);
        let y = match self.used {
            Used::Both => sum * 0.5 + normalized,
            Used::Sum => sum,
            Used::Normalized => normalized,
        };
        match beta {
            Some(beta) => value_and_gradients!(y, [residual, x, gamma, beta]),
            None => value_and_gradients!(y, [residual, x, gamma]),
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let used = prop_oneof![Just(Used::Both), Just(Used::Sum), Just(Used::Normalized)];
    let p = prop_oneof![Just(0.0_f32), 0.01..0.9_f32];
    (0..100_usize, 2..300_usize, p, any::<bool>(), used)
        .prop_map(|(rows, d_model, p, layer, used)| Case { rows, d_model, p, layer, used })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fused_equals_plain(case in cases()) {
        // If a short row has two equal values, rounding errors are divided by √ε ≈ 3e-3.
        let tolerance = if case.d_model < 8 { 1e-4 } else { 4e-6 };
        assert_close(&case.run(add_then_norm), &case.run(plain), tolerance);
        if case.used == Used::Normalized {
            assert_close(&case.run(normalized_alone), &case.run(plain), tolerance);
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for layer in [true, false] {
        let case = Case { rows: 500, d_model: 129, p: 0.1, layer, used: Used::Both };
        assert_same_for_any_number_of_threads(|| case.run(add_then_norm));
        let case = Case { used: Used::Normalized, ..case };
        assert_same_for_any_number_of_threads(|| case.run(normalized_alone));
    }
}

#[test]
fn untracked_branches_do_not_change_the_other_gradients() {
    let case = Case { rows: 5, d_model: 40, p: 0.3, layer: true, used: Used::Normalized };
    let expected = case.run(plain);
    let (residual, x, norm) = case.inputs(&Device::flex().autodiff());
    let tracked = x.clone().require_grad();
    let y = add_norm(residual.clone(), tracked.clone(), case.p, Case::mode(), norm.clone());
    let results = value_and_gradients!(y, [tracked]);
    assert_close(&results, &[expected[0].clone(), expected[2].clone()], 4e-6);
    let tracked = residual.require_grad();
    let y = add_norm(tracked.clone(), x, case.p, Case::mode(), norm);
    let results = value_and_gradients!(y, [tracked]);
    assert_close(&results, &expected[..2], 4e-6);
}

#[test]
fn without_autodiff_the_outputs_are_the_same() {
    for used in [Used::Sum, Used::Normalized] {
        let case = Case { rows: 7, d_model: 24, p: 0.2, layer: true, used };
        let (residual, x, norm) = case.inputs(&Device::flex());
        let [sum, normalized] =
            add_then_norm(residual.clone(), x.clone(), case.p, Case::mode(), norm.clone());
        let alone = add_norm(residual, x, case.p, Case::mode(), norm).into_data();
        assert_eq!(alone, normalized.to_data());
        let output = if used == Used::Sum { sum } else { normalized };
        assert_eq!(output.into_data(), case.run(add_then_norm)[0]);
    }
}
