//! Output projection with cross-entropy.

use burn::tensor::{Device, Int, Tensor, TensorData, Tolerance};
use proptest::prelude::*;

use crate::args::linear::LinearWeights;
use crate::flex::testing::{assert_close, assert_same_for_any_number_of_threads, normal};
use crate::ops::loss::{
    CrossEntropy, LabelSmoothing, linear_cross_entropy, linear_cross_entropy_with, plain,
};
use crate::random::RandomKey;

#[derive(Clone, Debug)]
struct Case {
    rows: usize,
    d_model: usize,
    vocab_size: usize,
    n_classes: usize,
    bias: bool,
    smoothing: LabelSmoothing,
    z_loss: f32,
    /// One in this many targets is padding; 0 for none.
    padding: usize,
}

type Operation = fn(Tensor<2>, LinearWeights, Tensor<1, Int>, usize, CrossEntropy) -> Tensor<1>;

impl Case {
    fn inputs(&self, device: &Device) -> (Tensor<2>, Tensor<2>, Option<Tensor<1>>, Tensor<1, Int>) {
        let x = normal(1, [self.rows, self.d_model], device);
        let weight = normal(2, [self.vocab_size, self.d_model], device) * 0.3;
        let bias = self.bias.then(|| normal(3, [self.vocab_size], device));
        let target = |(row, word): (usize, u32)| match self.padding {
            0 => i64::from(word) % self.n_classes as i64,
            every if row % (2 * every) == 0 => -100,
            every if row % every == 0 => self.n_classes as i64 + row as i64,
            _ => i64::from(word) % self.n_classes as i64,
        };
        let targets: Vec<i64> = RandomKey::new(9).take(self.rows).enumerate().map(target).collect();
        let targets = Tensor::from_data(TensorData::new(targets, [self.rows]), device);
        (x, weight, bias, targets)
    }

    /// The loss and the gradients of three times the loss.
    fn run(&self, operation: Operation) -> Vec<TensorData> {
        let (x, weight, bias, targets) = self.inputs(&Device::flex().autodiff());
        let (x, weight) = (x.require_grad(), weight.require_grad());
        let bias = bias.map(Tensor::require_grad);
        let options = CrossEntropy { smoothing: self.smoothing, z_loss: self.z_loss };
        let weights = LinearWeights { weight: weight.clone(), bias: bias.clone() };
        let loss = operation(x.clone(), weights, targets, self.n_classes, options);
        let gradients = (loss.clone() * 3.0).backward();
        let mut results = vec![
            loss.into_data(),
            x.grad(&gradients).unwrap().into_data(),
            weight.grad(&gradients).unwrap().into_data(),
        ];
        results.extend(bias.map(|bias| bias.grad(&gradients).unwrap().into_data()));
        results
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let smoothing = prop_oneof![
        Just(LabelSmoothing::None),
        Just(LabelSmoothing::AllClasses(0.1)),
        Just(LabelSmoothing::OtherClasses(0.1)),
    ];
    let z_loss = prop_oneof![Just(0.0_f32), Just(1e-2)];
    let sizes = (1..150usize, 1..40usize, 2..1100usize, 0..20usize);
    (sizes, any::<bool>(), smoothing, z_loss, 0..5usize).prop_map(
        |((rows, d_model, n_classes, extra), bias, smoothing, z_loss, padding)| Case {
            rows,
            d_model,
            vocab_size: n_classes + extra,
            n_classes,
            bias,
            smoothing,
            z_loss,
            padding,
        },
    )
}

fn several_panels() -> Case {
    Case {
        rows: 1500,
        d_model: 24,
        vocab_size: 1305,
        n_classes: 1303,
        bias: true,
        smoothing: LabelSmoothing::AllClasses(0.1),
        z_loss: 0.0,
        padding: 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn fused_equals_plain(case in cases()) {
        assert_close(&case.run(linear_cross_entropy_with), &case.run(plain), 1e-5);
    }
}

#[test]
fn fused_equals_plain_over_several_panels() {
    let case = several_panels();
    assert_close(&case.run(linear_cross_entropy_with), &case.run(plain), 1e-5);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    assert_same_for_any_number_of_threads(|| several_panels().run(linear_cross_entropy_with));
}

#[test]
fn no_rows_and_only_padding_give_zero() {
    for rows in [0, 3] {
        let case = Case { rows, padding: 1, ..several_panels() };
        for result in case.run(linear_cross_entropy_with) {
            assert!(result.iter::<f32>().all(|value| value == 0.0));
        }
    }
}

#[test]
fn only_the_weight_can_be_tracked() {
    let case = several_panels();
    let (x, weight, bias, targets) = case.inputs(&Device::flex().autodiff());
    let weight = weight.require_grad();
    let loss = linear_cross_entropy(
        x.clone(),
        weight.clone(),
        bias,
        targets,
        case.n_classes,
        case.smoothing,
    );
    let gradients = (loss * 3.0).backward();
    assert!(x.grad(&gradients).is_none());
    assert!(weight.grad(&gradients).unwrap().into_data() == case.run(linear_cross_entropy_with)[2]);
}

#[test]
fn devices_without_autodiff_give_the_same_loss() {
    let case = several_panels();
    let (x, weight, bias, targets) = case.inputs(&Device::flex());
    let loss = linear_cross_entropy(x, weight, bias, targets, case.n_classes, case.smoothing);
    assert!(loss.into_data() == case.run(linear_cross_entropy_with)[0]);
}

#[test]
fn huge_logits_give_finite_results() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::from_data([[1e4, -1e4], [0.0, 3e4]], &device).require_grad();
    let weight = Tensor::<2>::from_data([[1e3, 0.0], [0.0, 1e3], [-1e3, 1.0]], &device);
    let targets = Tensor::<1, Int>::from_data([0, 0], &device);
    let loss = linear_cross_entropy(x.clone(), weight, None, targets, 3, LabelSmoothing::None);
    let gradients = loss.backward();
    assert_eq!(loss.into_scalar::<f32>(), 3e7);
    x.grad(&gradients)
        .unwrap()
        .into_data()
        .assert_eq(&TensorData::from([[0.0f32, 0.0], [-1e3, 1e3]]), true);
}

/// For two classes with equal logits, the loss is log 2 and the gradient ½·(w₁ − w₀).
#[test]
fn two_equal_classes_give_the_textbook_values() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::from_data([[1.0, 1.0]], &device).require_grad();
    let weight = Tensor::<2>::from_data([[2.0, 0.0], [0.0, 2.0]], &device);
    let targets = Tensor::<1, Int>::from_data([0], &device);
    let loss = linear_cross_entropy(x.clone(), weight, None, targets, 2, LabelSmoothing::None);
    let gradients = loss.backward();
    loss.into_data().assert_approx_eq::<f32>(
        &TensorData::from([std::f32::consts::LN_2]),
        Tolerance::absolute(1e-6),
    );
    x.grad(&gradients)
        .unwrap()
        .into_data()
        .assert_approx_eq::<f32>(&TensorData::from([[-1.0f32, 1.0]]), Tolerance::absolute(1e-6));
}

/// With logits 0 the loss is log 2 + z·log² 2, and the gradient (1 + 2·z·log 2)·½·(w₀ + w₁) − w₀.
#[test]
fn the_z_loss_of_two_equal_classes_has_its_textbook_values() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::from_data([[0.0, 0.0]], &device).require_grad();
    let weight = Tensor::<2>::from_data([[2.0, 0.0], [0.0, 4.0]], &device);
    let targets = Tensor::<1, Int>::from_data([0], &device);
    let options = CrossEntropy { smoothing: LabelSmoothing::None, z_loss: 0.25 };
    let weights = LinearWeights { weight, bias: None };
    let loss = linear_cross_entropy_with(x.clone(), weights, targets, 2, options);
    let gradients = loss.backward();
    let log2 = std::f32::consts::LN_2;
    loss.into_data().assert_approx_eq::<f32>(
        &TensorData::from([log2 + 0.25 * log2 * log2]),
        Tolerance::absolute(1e-6),
    );
    let factor = 1.0 + 0.5 * log2;
    x.grad(&gradients).unwrap().into_data().assert_approx_eq::<f32>(
        &TensorData::from([[factor - 2.0, 2.0 * factor]]),
        Tolerance::absolute(1e-6),
    );
}

#[test]
#[should_panic(expected = "targets [2] do not match x [3, 4]: [rows]")]
fn a_wrong_number_of_targets_panics() {
    let device = Device::flex();
    let targets = Tensor::<1, Int>::from_data([0, 1], &device);
    let [x, weight] = [3, 5].map(|rows| Tensor::<2>::ones([rows, 4], &device));
    let _ = linear_cross_entropy(x, weight, None, targets, 5, LabelSmoothing::None);
}
