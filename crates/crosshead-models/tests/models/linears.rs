//! Every projection of every model can be visited, so that adapters reach it.

use burn::module::Module;
use burn::tensor::Device;
use crosshead_models::presets::PRESETS;
use crosshead_models::{
    EncoderConfig, Linears, MaskedLm, ModelConfig, SequenceClassifier, StackConfig,
    TokenClassifier, paths,
};
use crosshead_weights::parameters;

/// The paths of visited layers, and of matrices that are neither an embedding nor the output projection.
#[track_caller]
fn assert_all_visited<M: Module + Linears>(name: &str, mut model: M) {
    let mut visited = Vec::new();
    model.visit_linears("", &mut |path, _| visited.push(format!("{path}.weight")));
    visited.sort_unstable();
    let is_matrix = |(path, shape): &(String, Vec<usize>)| {
        let is_table =
            ["positions.weight", "position_bias.weight"].iter().any(|end| path.ends_with(end));
        shape.len() == 2 && path.ends_with(".weight") && !is_table && !paths::is_buffer(path)
    };
    let mut matrices: Vec<String> =
        parameters::shapes(&model).into_iter().filter(is_matrix).map(|(path, _)| path).collect();
    matrices.sort_unstable();
    assert!(
        !visited.is_empty() && visited == matrices,
        "{name}: {visited:?} instead of {matrices:?}"
    );
}

#[test]
fn every_projection_is_visited() {
    let device = Device::flex();
    let factorized = EncoderConfig::new(50)
        .with_stack(StackConfig::new(8, 2, 16))
        .with_n_layers(2)
        .with_n_groups(1)
        .with_d_embedding(4);
    assert_all_visited("factorized", MaskedLm::new(factorized.skeleton(&device)));
    assert_all_visited("tagger", TokenClassifier::new(factorized.skeleton(&device), 3, 0.0));
    for preset in PRESETS {
        match preset.config() {
            ModelConfig::EncoderDecoder(config) => {
                assert_all_visited(preset.name, config.skeleton(&device));
            }
            ModelConfig::CausalLm(config) => {
                assert_all_visited(preset.name, config.skeleton(&device))
            }
            ModelConfig::MaskedLm(config) => {
                assert_all_visited(preset.name, MaskedLm::new(config.skeleton(&device)));
            }
            ModelConfig::SequenceClassifier(config, head) => {
                let model = SequenceClassifier::new(config.skeleton(&device), head);
                assert_all_visited(preset.name, model);
            }
            ModelConfig::TokenClassifier(config, n) => {
                let model = TokenClassifier::new(config.skeleton(&device), n, 0.0);
                assert_all_visited(preset.name, model);
            }
            ModelConfig::Encoder(config) => {
                assert_all_visited(preset.name, config.skeleton(&device))
            }
        }
    }
}
