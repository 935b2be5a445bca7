//! Equality with other implementations of optimizers (`fixtures/export_optimizers.py`), and what all optimizers share.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use crosshead_kernels::{Linear, LinearConfig};
use crosshead_train::{
    AdafactorConfig, AdamConfig, Adjustment, Decayed, LionConfig, MuonConfig, Optimizer,
    OptimizerConfig, Role, SgdConfig,
};
use crosshead_weights::parameters;
use serde::Deserialize;

use crate::values::Values;

#[derive(Deserialize)]
struct Case {
    name: String,
    optimizer: OptimizerConfig,
    shape: [usize; 2],
    start: Values,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    rate: f64,
    gradients: Values,
    #[serde(flatten)]
    expected: Values,
}

impl Case {
    /// The model and the optimizer after some steps.
    fn run(&self, optimizer: Optimizer, steps: usize, device: &Device) -> (Linear, Optimizer) {
        let (mut model, mut optimizer) = (self.start.model(self.shape, device), optimizer);
        for step in &self.steps[..steps] {
            (model, _) = optimizer.step(model, step.gradients.gradients(device), step.rate);
        }
        (model, optimizer)
    }
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/optimizers.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn ten_steps_equal_those_of_the_reference() {
    let device = Device::flex();
    for case in cases() {
        for steps in 1..=case.steps.len() {
            let (model, _) = case.run(case.optimizer.init().with_max_norm(0.0), steps, &device);
            let (found, expected) = (parameters::read(&model), &case.steps[steps - 1].expected);
            for (path, expected) in [("weight", &expected.weight), ("bias", &expected.bias)] {
                let found = found[path].try_to_vec::<f32>().unwrap();
                for (found, expected) in found.iter().zip(expected) {
                    let is_close = (found - expected).abs() < 1e-5;
                    assert!(
                        is_close,
                        "{}, step {steps}: {path}: {found}, not {expected}",
                        case.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_restored_optimizer_takes_bitwise_identical_steps() {
    let device = Device::flex();
    for case in cases() {
        let (steps, half) = (case.steps.len(), case.steps.len() / 2);
        let new = || case.optimizer.init().with_max_norm(2.0);
        let full = case.run(new(), steps, &device);
        let (mut model, saved) = case.run(new(), half, &device);
        let shapes = parameters::shapes(&model);
        let mut resumed = new().restore(half as u64, saved.state(), &shapes, &device).unwrap();
        for step in &case.steps[half..] {
            (model, _) = resumed.step(model, step.gradients.gradients(&device), step.rate);
        }
        assert_eq!(parameters::read(&model), parameters::read(&full.0), "{}", case.name);
        assert_eq!(resumed.state(), full.1.state(), "{}", case.name);
    }
}

/// All optimizers, with weight decay.
fn optimizers() -> Vec<OptimizerConfig> {
    vec![
        AdamConfig::new().with_weight_decay(0.5).into(),
        SgdConfig::new().with_weight_decay(0.5).into(),
        LionConfig::new().with_weight_decay(0.5).into(),
        AdafactorConfig::new().with_weight_decay(0.5).into(),
        MuonConfig::new().with_weight_decay(0.5).into(),
    ]
}

/// The weight and the bias after a step with gradients of zero, divided by those before it.
fn shrunk(optimizer: Optimizer) -> [f32; 2] {
    let device = Device::flex();
    let mut optimizer = optimizer;
    let mut model = LinearConfig::new(3, 2).init(&device);
    model.weight = Param::from_tensor(Tensor::ones([2, 3], &device));
    model.bias = Some(Param::from_tensor(Tensor::ones([2], &device)));
    let gradients = BTreeMap::from([
        ("weight".to_owned(), Tensor::zeros([6], &device)),
        ("bias".to_owned(), Tensor::zeros([2], &device)),
    ]);
    let (model, _) = optimizer.step(model, gradients, 0.1);
    let values = parameters::read(&model);
    ["weight", "bias"].map(|path| values[path].iter::<f32>().next().unwrap())
}

#[test]
fn weight_decay_applies_to_the_parameters_that_are_decayed() {
    for config in optimizers() {
        assert_eq!(shrunk(config.init()), [0.95, 0.95], "{config:?}");
        let matrices = config.init().with_decayed(Decayed::Matrices);
        assert_eq!(shrunk(matrices), [0.95, 1.0], "{config:?}");
    }
}

#[test]
fn a_parameter_can_have_its_own_rate_and_weight_decay() {
    for config in optimizers() {
        let adjustments = BTreeMap::from([
            ("weight".to_owned(), Adjustment { learning_rate: 0.5, ..Adjustment::default() }),
            ("bias".to_owned(), Adjustment { weight_decay: Some(1.0), ..Adjustment::default() }),
        ]);
        let adjusted = config.init().with_decayed(Decayed::Matrices).with_adjustments(adjustments);
        assert_eq!(shrunk(adjusted), [0.975, 0.9], "{config:?}");
    }
}

#[test]
fn muon_trains_an_edge_like_adamw() {
    let device = Device::flex();
    let case = cases().into_iter().find(|case| case.name == "muon").unwrap();
    let edge = Adjustment { role: Role::Edge, ..Adjustment::default() };
    let adjustments = BTreeMap::from([("weight".to_owned(), edge)]);
    let rest = AdamConfig::new().with_beta2(0.95).with_epsilon(1e-8);
    let (as_edge, _) =
        case.run(MuonConfig::new().init().with_adjustments(adjustments), 10, &device);
    let (adam, _) = case.run(rest.init(), 10, &device);
    assert_eq!(parameters::read(&as_edge), parameters::read(&adam));
}
