//! `Dense` modules: a dense layer after pooling.

use std::path::Path;

use burn::tensor::Device;
use crosshead_weights::TensorSource;
use serde::Deserialize;
use serde_json::{Value, json};

use super::modules::check_features;
use super::{read, wrong};
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

/// `config.json` of a layer.
pub(super) fn to_json(config: &ProjectionConfig) -> Value {
    let known = ACTIVATIONS.iter().find(|(_, activation)| *activation == config.activation);
    let (class, _) = known.unwrap_or_else(|| unreachable!("every activation has a class"));
    let module =
        if config.activation == ProjectionActivation::Identity { "linear" } else { "activation" };
    let mut keys = json!({
        "in_features": config.d_in,
        "out_features": config.d_out,
        "bias": config.bias,
        "activation_function": format!("torch.nn.modules.{module}.{class}"),
    });
    // Older versions of sentence-transformers do not know the key.
    if config.residual {
        keys["use_residual"] = json!(true);
    }
    keys
}

/// The class names of PyTorch, without their Python modules.
const ACTIVATIONS: [(&str, ProjectionActivation); 6] = [
    ("Identity", ProjectionActivation::Identity),
    ("Tanh", ProjectionActivation::Tanh),
    ("Sigmoid", ProjectionActivation::Sigmoid),
    ("ReLU", ProjectionActivation::Relu),
    ("GELU", ProjectionActivation::Gelu),
    ("SiLU", ProjectionActivation::Silu),
];

const NAMES: &[Rule] = &[rule("linear.*", "linear.*"), rule("residual.*", "residual.*")];

/// Loads the layer in a directory. Its input has `d_in` features.
pub(super) fn load(dir: &Path, d_in: usize, device: &Device) -> Result<Projection, ModelError> {
    let path = dir.join("config.json");
    let keys: Keys = read(&path)?;
    check_features(&path, keys.module_input_name.as_deref(), keys.module_output_name.as_deref())?;
    if keys.in_features != d_in {
        let reason =
            format!("{}, but the previous module has {d_in} output features", keys.in_features);
        return Err(wrong(&path, "in_features", reason));
    }
    let class = keys.activation_function.strip_prefix("torch.nn.");
    let class = class.and_then(|class| class.rsplit('.').next());
    let known = ACTIVATIONS.iter().find(|(name, _)| Some(*name) == class);
    let Some(&(_, activation)) = known else {
        let known = ACTIVATIONS.map(|(name, _)| name).join(", ");
        let reason = format!(
            "{} is not supported; the supported classes of torch.nn are {known}",
            keys.activation_function
        );
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
    // Checked before memory is allocated, because a typo in the number of features must not exhaust it.
    let expected = [("linear.weight".to_owned(), vec![config.d_out, config.d_in])];
    let names = Names { rules: vec![NAMES], ..Names::default() };
    Weights::new(&checkpoint, names).fill(|device| config.skeleton(device), &expected, device)
}
