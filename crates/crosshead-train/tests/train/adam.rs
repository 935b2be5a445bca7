//! Equality with PyTorch's Adam and AdamW (`fixtures/export_adam.py`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::Linear;
use crosshead_train::{AdamConfig, Optimizer, StateError};
use crosshead_weights::parameters;
use serde::Deserialize;

use crate::values::Values;

/// The shape of the weight.
const SHAPE: [usize; 2] = [2, 3];

#[derive(Deserialize)]
struct Case {
    name: String,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    max_norm: f64,
    start: Values,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    rate: f64,
    norm: f64,
    gradients: Values,
    #[serde(flatten)]
    expected: Values,
}

impl Case {
    fn config(&self) -> AdamConfig {
        AdamConfig::new()
            .with_beta1(self.beta1)
            .with_beta2(self.beta2)
            .with_epsilon(self.epsilon)
            .with_weight_decay(self.weight_decay)
    }

    fn optimizer(&self) -> Optimizer {
        self.config().init().with_max_norm(self.max_norm)
    }
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/adam.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn assert_close(model: &Linear, expected: &Values, what: &str) {
    let found = parameters::read(model);
    for (path, expected) in [("weight", &expected.weight), ("bias", &expected.bias)] {
        let found = found[path].try_to_vec::<f32>().unwrap();
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 2e-6, "{what}: {path} is {found}, not {expected}");
        }
    }
}

#[test]
fn weights_and_norms_equal_pytorch_after_every_step() {
    let device = Device::flex();
    for case in cases() {
        let (mut model, mut adam) = (case.start.model(SHAPE, &device), case.optimizer());
        for (number, step) in (1..).zip(&case.steps) {
            let what = format!("{}, step {number}", case.name);
            let norm;
            (model, norm) = adam.step(model, step.gradients.gradients(&device), step.rate);
            assert!((norm / step.norm - 1.0).abs() < 1e-6, "{what}: norm {norm}");
            assert_close(&model, &step.expected, &what);
        }
        assert_eq!(adam.steps(), case.steps.len() as u64);
    }
}

#[test]
fn a_restored_optimizer_takes_bitwise_identical_steps() {
    let device = Device::flex();
    let case = &cases()[1];
    let half = case.steps.len() / 2;
    let step = |(model, adam): &mut (Linear, Optimizer), step: &Step| {
        let gradients = step.gradients.gradients(&device);
        (*model, _) = adam.step(model.clone(), gradients, step.rate);
    };
    let mut full = (case.start.model(SHAPE, &device), case.optimizer());
    case.steps[..half].iter().for_each(|at| step(&mut full, at));
    let state = full.1.state();
    let names: Vec<&str> = state.keys().map(String::as_str).collect();
    assert_eq!(names, ["first.bias", "first.weight", "second.bias", "second.weight"]);
    let shapes = parameters::shapes(&full.0);
    let adam = case.optimizer().restore(half as u64, state, &shapes, &device).unwrap();
    let mut resumed = (full.0.clone(), adam);
    for at in &case.steps[half..] {
        step(&mut full, at);
        step(&mut resumed, at);
    }
    assert_eq!(parameters::read(&full.0), parameters::read(&resumed.0));
    assert_eq!(full.1.state(), resumed.1.state());
}

#[test]
fn a_missing_moment_estimate_is_an_error() {
    let device = Device::flex();
    let state = BTreeMap::from([("first.weight".to_owned(), TensorData::from([1.0_f32]))]);
    let restore = |shapes: &[(String, Vec<usize>)]| {
        AdamConfig::new().init().restore(1, state.clone(), shapes, &device).unwrap_err()
    };
    let name = "first.weight".to_owned();
    let shapes = [("weight".to_owned(), vec![1])];
    assert_eq!(restore(&shapes), StateError::NoPartner { name: name.clone() });
    assert_eq!(restore(&[]), StateError::Unknown { name });
}

#[test]
fn a_parameter_without_a_gradient_is_unchanged() {
    let device = Device::flex();
    let case = &cases()[2];
    let (model, mut adam) = (case.start.model(SHAPE, &device), case.optimizer());
    let before = parameters::read(&model);
    let mut gradients = case.steps[0].gradients.gradients(&device);
    gradients.remove("bias");
    let (model, _) = adam.step(model, gradients, 0.1);
    let after = parameters::read(&model);
    assert_eq!(before["bias"], after["bias"]);
    assert_ne!(before["weight"], after["weight"]);
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing() {
    let device = Device::flex();
    let case = &cases()[0];
    let (model, mut adam) = (case.start.model(SHAPE, &device), case.optimizer());
    let before = parameters::read(&model);
    let mut gradients = case.steps[0].gradients.gradients(&device);
    gradients.insert("bias".to_owned(), Tensor::from_data([f32::NAN, 0.0], &device));
    let (model, norm) = adam.step(model, gradients, 0.1);
    assert!(norm.is_nan());
    assert_eq!((parameters::read(&model), adam.steps()), (before, 0));
}
