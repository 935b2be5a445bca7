//! Weight initialization.

use std::collections::BTreeMap;

use burn::tensor::{Device, TensorData};
use crosshead_blocks::NormOrder;
use crosshead_models::{EncoderConfig, EncoderDecoder, EncoderDecoderConfig, ModelConfig, presets};
use crosshead_testkit::jittered;
use crosshead_weights::{Initialization, initialize, initialize_where, parameters};

use crate::tiny::{PAD_ID, VOCAB_SIZE, config};

fn weights(config: &EncoderDecoderConfig, seed: u64) -> BTreeMap<String, TensorData> {
    parameters::read(&config.init(seed, &Device::flex()))
}

fn values(data: &TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}

#[test]
fn weights_depend_on_the_seed() {
    let config = config(NormOrder::Pre);
    let (first, second) = (weights(&config, 1), weights(&config, 2));
    assert_eq!(first, weights(&config, 1));
    for (path, data) in &first {
        let drawn = data.shape().num_dims() == 2;
        assert_eq!(*data != second[path], drawn, "{path}");
    }
}

#[test]
fn a_weight_does_not_depend_on_the_rest_of_the_model() {
    let small = config(NormOrder::Post);
    let large = EncoderDecoderConfig { n_encoder_layers: 3, n_decoder_layers: 4, ..small.clone() };
    let large = weights(&large, 1);
    for (path, data) in weights(&small, 1) {
        assert_eq!(large[&path], data, "{path}");
    }
}

#[test]
fn a_weight_does_not_depend_on_its_previous_value() {
    let model: EncoderDecoder = config(NormOrder::Post).init(5, &Device::flex());
    let again =
        initialize(jittered(model.clone(), 0.5, 1), Initialization::Glorot, 5, Some(PAD_ID));
    for (path, data) in parameters::read(&model) {
        if data.shape().num_dims() == 2 {
            assert_eq!(parameters::read(&again)[&path], data, "{path}");
        }
    }
}

#[test]
fn no_two_matrices_are_equal() {
    let weights = weights(&config(NormOrder::Pre), 1);
    let mut firsts: Vec<u32> = weights
        .values()
        .filter(|data| data.shape().num_dims() == 2)
        .map(|data| values(data)[0].to_bits())
        .collect();
    let n = firsts.len();
    firsts.sort_unstable();
    firsts.dedup();
    assert_eq!(firsts.len(), n);
}

#[test]
fn matrices_biases_and_norms_have_their_initial_distributions() {
    let config = config(NormOrder::Pre);
    for (path, data) in weights(&config, 1) {
        let values = values(&data);
        match *data.shape().as_slice() {
            [rows, columns] if path != "embedding" => {
                let bound = (6.0 / (rows + columns) as f32).sqrt();
                assert!(values.iter().all(|value| value.abs() <= bound), "{path}");
                let largest =
                    values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                assert!(largest > 0.9 * bound, "{path}: Glorot-uniform fills its range");
            }
            [VOCAB_SIZE, d_model] => {
                let (tokens, padding) = values.split_at((VOCAB_SIZE - 1) * d_model);
                assert!(padding.iter().all(|&value| value == 0.0), "{path}: the padding row");
                let mean_square =
                    tokens.iter().map(|value| value * value).sum::<f32>() / tokens.len() as f32;
                assert!((mean_square * d_model as f32 - 1.0).abs() < 0.4, "{path}: {mean_square}");
            }
            _ if path == "logits_bias" => {
                assert!(values[..VOCAB_SIZE - 1].iter().all(|&value| value == 0.0), "{path}");
            }
            _ => {
                let start = if path.ends_with("norm.weight") { 1.0 } else { 0.0 };
                assert!(values.iter().all(|&value| value == start), "{path}");
            }
        }
    }
}

#[test]
fn encoders_are_initialized_as_bert() {
    let ModelConfig::MaskedLm(base) = presets::find("tiny-encoder").unwrap().config() else {
        panic!("tiny-encoder is an encoder");
    };
    let config = EncoderConfig { pad_id: 7, ..base };
    for (path, data) in parameters::read(&config.init(1, &Device::flex())) {
        let (values, &[rows, columns]) = (values(&data), data.shape().as_slice()) else { continue };
        let zeros = if path == "embedding" { columns } else { 0 };
        let drawn = (rows * columns - zeros) as f32;
        let deviation = (values.iter().map(|value| value * value).sum::<f32>() / drawn).sqrt();
        // Five standard errors of the standard deviation. For sinusoids, it is exact.
        let error = 5.0 * 0.02 / (2.0 * drawn).sqrt();
        assert!((deviation - 0.02).abs() < error, "{path}: {deviation}");
        let is_zero = |&&value: &&f32| value == 0.0;
        let sines_of_zero = if path.ends_with("positions.weight") { columns / 2 } else { 0 };
        let found = values.iter().filter(is_zero).count();
        assert_eq!(found, zeros + sines_of_zero, "{path}");
    }
}

#[test]
fn initialize_where_draws_the_selected_weights_as_initialize_does() {
    let config = config(NormOrder::Pre);
    let (old, all) = (config.init(1, &Device::flex()), weights(&config, 2));
    let is_new = |path: &str| path.starts_with("decoder.");
    let model = initialize_where(old.clone(), Initialization::Glorot, 2, Some(PAD_ID), is_new);
    let old = parameters::read(&old);
    for (path, data) in parameters::read(&model) {
        let expected = if is_new(&path) { &all } else { &old };
        assert_eq!(data, expected[&path], "{path}");
    }
}
