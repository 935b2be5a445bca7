//! Activations by name.

use crosshead_kernels::Activation;

use crate::ModelError;
use crate::pretrained::config_file::ConfigFile;

/// Activations and their names in `config.json`. The first name is the one that is written.
const ACTIVATIONS: [(Activation, &str); 9] = [
    (Activation::Identity, "linear"),
    (Activation::Relu, "relu"),
    (Activation::Gelu, "gelu"),
    (Activation::GeluTanh, "gelu_new"),
    (Activation::GeluTanh, "gelu_pytorch_tanh"),
    (Activation::GeluTanh, "gelu_fast"),
    (Activation::GeluTanh, "gelu_python_tanh"),
    (Activation::Silu, "silu"),
    (Activation::Silu, "swish"),
];

/// The activation `name`, which is the value of `key`.
pub(super) fn find(
    file: &ConfigFile,
    key: &'static str,
    name: &str,
) -> Result<Activation, ModelError> {
    let found = ACTIVATIONS.iter().find(|(_, known)| *known == name);
    found.map(|(activation, _)| *activation).ok_or_else(|| {
        let known = ACTIVATIONS.map(|(_, name)| name).join(", ");
        file.wrong(key, format!("{name} is not supported; the supported activations are {known}"))
    })
}

/// The name of an activation.
pub(super) fn name(activation: Activation) -> String {
    let found = ACTIVATIONS.iter().find(|(known, _)| *known == activation);
    found.map_or("linear", |(_, name)| name).to_owned()
}
