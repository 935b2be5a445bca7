//! Weight initialization.

use burn::tensor::Device;
use crosshead_attention::{MultiHeadAttention, MultiHeadAttentionConfig};

fn layer(config: MultiHeadAttentionConfig) -> [Vec<f32>; 4] {
    let MultiHeadAttention { q_proj, k_proj, v_proj, out_proj, .. } = config.init(&Device::flex());
    [q_proj, k_proj, v_proj, out_proj]
        .map(|projection| projection.weight.val().into_data().iter::<f32>().collect())
}

fn config() -> MultiHeadAttentionConfig {
    MultiHeadAttentionConfig::new(8, 2)
}

#[test]
fn no_two_projections_are_equal() {
    let layer = layer(config());
    for (at, weight) in layer.iter().enumerate() {
        for other in &layer[at + 1..] {
            assert!(weight.iter().zip(other).all(|(a, b)| a != b));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_weights_and_a_different_seed_different_ones() {
    assert_eq!(layer(config().with_seed(3)), layer(config().with_seed(3)));
    assert_eq!(layer(config()), layer(config().with_seed(0)));
    for (weight, other) in layer(config().with_seed(3)).iter().zip(layer(config().with_seed(4))) {
        assert!(weight.iter().zip(other).all(|(a, b)| *a != b));
    }
}
