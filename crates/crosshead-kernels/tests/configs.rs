//! Serialization of module configurations.

use burn::tensor::Device;
use crosshead_kernels::{LayerNormConfig, LinearConfig, RandomKey, RmsNormConfig};
use serde_json::json;

#[test]
fn a_stored_linear_config_initializes_the_same_layer() {
    let config = LinearConfig::new(3, 4).with_bias(false).with_key(RandomKey::new(5).stream("a"));
    let stored = serde_json::to_string(&config).unwrap();
    let restored: LinearConfig = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, config);
    assert_eq!((restored.d_in(), restored.d_out(), restored.bias()), (3, 4, false));
    let weight = |config: LinearConfig| config.init(&Device::flex()).weight.val().into_data();
    assert_eq!(weight(restored), weight(config.clone()));
    assert_ne!(weight(config.clone()), weight(config.with_seed(5)));
}

#[test]
fn norm_configs_survive_serialization() {
    let layer = LayerNormConfig::new(3).with_epsilon(0.5);
    let stored = serde_json::to_value(&layer).unwrap();
    assert_eq!(stored, json!({ "d_model": 3, "epsilon": 0.5 }));
    assert_eq!(serde_json::from_value::<LayerNormConfig>(stored.clone()).unwrap(), layer);
    let rms: RmsNormConfig = serde_json::from_value(stored).unwrap();
    assert_eq!((rms.d_model(), rms.epsilon()), (3, 0.5));
}

#[test]
fn an_unknown_key_is_an_error() {
    let stored = json!({ "d_model": 3, "epsilon": 0.5, "eps": 0.5 });
    let error = serde_json::from_value::<LayerNormConfig>(stored).unwrap_err();
    assert!(error.to_string().contains("unknown field `eps`"), "{error}");
}
