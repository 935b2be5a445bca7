//! `Dense` modules: a layer after pooling, with weights of its own.

use std::path::Path;

use burn::tensor::Device;
use serde::Deserialize;

use super::modules::check_places;
use super::{read, wrong};
use crosshead_weights::TensorSource;

use crate::pretrained::load::Weights;
use crate::pretrained::names::{Names, Rule, rule};
use crate::{ModelError, Projection, ProjectionActivation, ProjectionConfig};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default = "tanh")]
    activation_function: String,
    module_input_name: Option<String>,
    module_output_name: Option<String>,
    #[serde(default)]
    use_residual: bool,
}

fn yes() -> bool {
    true
}

fn tanh() -> String {
    "torch.nn.modules.activation.Tanh".to_owned()
}

/// The classes of PyTorch, without the Python modules around them.
const ACTIVATIONS: [(&str, ProjectionActivation); 6] = [
    ("Identity", ProjectionActivation::Identity),
    ("Tanh", ProjectionActivation::Tanh),
    ("Sigmoid", ProjectionActivation::Sigmoid),
    ("ReLU", ProjectionActivation::Relu),
    ("GELU", ProjectionActivation::Gelu),
    ("SiLU", ProjectionActivation::Silu),
];

const NAMES: &[Rule] = &[rule("linear.*", "linear.*"), rule("residual.*", "residual.*")];

/// Loads the layer of a directory, which takes vectors of `d_in` features.
pub(super) fn load(dir: &Path, d_in: usize, device: &Device) -> Result<Projection, ModelError> {
    let path = dir.join("config.json");
    let keys: Keys = read(&path)?;
    check_places(&path, keys.module_input_name.as_deref(), keys.module_output_name.as_deref())?;
    if keys.in_features != d_in {
        let reason = format!("{}, but the module before gives {d_in} features", keys.in_features);
        return Err(wrong(&path, "in_features", reason));
    }
    let class = keys.activation_function.strip_prefix("torch.nn.");
    let class = class.and_then(|class| class.rsplit('.').next());
    let known = ACTIVATIONS.iter().find(|(name, _)| Some(*name) == class);
    let Some(&(_, activation)) = known else {
        let known = ACTIVATIONS.map(|(name, _)| name).join(", ");
        let reason =
            format!("{} is not supported; {known} of torch.nn are", keys.activation_function);
        return Err(wrong(&path, "activation_function", reason));
    };
    let config = ProjectionConfig {
        d_in,
        d_out: keys.out_features,
        bias: keys.bias,
        activation,
        residual: keys.use_residual,
    };
    let checkpoint = TensorSource::open(dir)?;
    // Compared before memory is taken, which a mistyped number of features must not use up.
    let expected = [("linear.weight".to_owned(), vec![config.d_out, config.d_in])];
    let names = Names { rules: vec![NAMES], ..Names::default() };
    Weights::new(&checkpoint, names).fill(|| config.skeleton(device), &expected)
}
