//! Serialization of configurations.

use crosshead_attention::MultiHeadAttentionConfig;
use crosshead_blocks::{FeedForwardConfig, LayerConfig, NormKind, NormOrder, PositionBiasKind};
use crosshead_kernels::Activation;
use crosshead_position::RotaryConfig;

#[test]
fn a_configuration_round_trips_with_its_seed() {
    let attention = MultiHeadAttentionConfig::new(16, 4)
        .with_n_kv_heads(2)
        .with_scale(1.0)
        .with_rotary(RotaryConfig::new(4).with_base(500.0))
        .with_k_bias(false);
    let feed_forward =
        FeedForwardConfig::new(16, 32).with_gated(true).with_activation(Activation::Silu);
    let config = LayerConfig::new(16, 4, 32)
        .with_attention(attention)
        .with_feed_forward(feed_forward)
        .with_norm(NormKind::Rms)
        .with_norm_order(NormOrder::Pre)
        .with_position_bias(PositionBiasKind::Relative { n_buckets: 8, max_distance: 20 })
        .with_window(7)
        .with_seed(u64::MAX);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<LayerConfig>(&text).unwrap(), config);
    let unknown = text.replacen('{', "{\"n_haeds\": 4,", 1);
    let message = serde_json::from_str::<LayerConfig>(&unknown).unwrap_err().to_string();
    assert!(message.contains("n_haeds"), "{message}");
}

#[test]
fn defaults_are_those_of_the_paper() {
    let config = LayerConfig::new(16, 4, 32);
    assert_eq!(config.attention(), &MultiHeadAttentionConfig::new(16, 4));
    assert_eq!(config.feed_forward(), &FeedForwardConfig::new(16, 32));
    let attention = config.attention();
    assert_eq!((attention.n_kv_heads(), attention.d_head(), attention.scale()), (4, 4, 0.5));
    let biases = [
        attention.q_bias(),
        attention.k_bias(),
        attention.v_bias(),
        attention.out_bias(),
        config.feed_forward().bias(),
    ];
    assert_eq!(biases, [true; 5]);
    assert_eq!((config.norm(), config.norm_order()), (NormKind::Layer, NormOrder::Post));
    assert_eq!((config.dropout(), config.layer_drop(), config.window()), (0.0, 0.0, None));
}
