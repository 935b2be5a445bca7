//! Configurations: constructors, options and serialization.

use crosshead_models::{
    Activation, CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, Pooling,
    PositionKind, ProjectionActivation, ProjectionConfig, SentenceConfig, SentenceStep,
    StackConfig,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(config: &T) {
    let text = serde_json::to_string(config).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), config, "{text}");
}

#[test]
fn options_set_their_fields() {
    let stack = StackConfig::new(32, 4, 64)
        .with_n_kv_heads(2)
        .with_activation(Activation::Silu)
        .with_positions(PositionKind::Alibi);
    let expected = StackConfig {
        d_model: 32,
        n_heads: 4,
        d_ff: 64,
        n_kv_heads: Some(2),
        activation: Activation::Silu,
        positions: PositionKind::Alibi,
        ..StackConfig::default()
    };
    assert_eq!(stack, expected);
    let config = CausalLmConfig::new(100).with_stack(stack).with_n_layers(2).with_eos_id(7);
    let ids = (config.bos_id, config.eos_id, config.pad_id);
    assert_eq!((config.n_layers, ids, &config.stack), (2, (None, Some(7), None), &expected));
    let encoder = EncoderConfig::new(100).with_n_groups(3).with_n_token_types(0);
    assert_eq!((encoder.n_groups(), encoder.d_embedding()), (3, encoder.stack.d_model));
}

#[test]
fn the_defaults_are_valid() {
    EncoderDecoderConfig::new(100).check().unwrap();
    CausalLmConfig::new(100).check().unwrap();
    EncoderConfig::new(100).check().unwrap();
    assert_eq!(StackConfig::new(512, 8, 2048), StackConfig::default());
}

#[test]
fn every_configuration_survives_json() {
    round_trip(&EncoderDecoderConfig::new(100));
    round_trip(&CausalLmConfig::new(100).with_bos_id(1));
    round_trip(&EncoderConfig::new(100).with_d_embedding(64));
    round_trip(&ClassifierHead::new(3).with_pooling(Pooling::Mean).with_dropout(0.0));
    round_trip(&ProjectionConfig::new(8, 4).with_activation(ProjectionActivation::Identity));
    round_trip(&SentenceConfig::new(Pooling::Mean).with_steps(vec![SentenceStep::Normalize]));
}
