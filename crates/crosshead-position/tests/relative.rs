//! Properties of rotary embeddings and position biases.

use burn::tensor::{Device, Tensor};
use crosshead_position::{
    AlibiConfig, PositionBias, RelativePositionBiasConfig, RotaryConfig, RotaryPairing,
    RotaryScaling,
};
use crosshead_testkit::{assert_close, jittered, random};
use proptest::prelude::*;

/// A tolerance for sums of a few products in f32.
const TOLERANCE: f32 = 1e-5;

/// A configuration and its head size.
fn rotaries() -> impl Strategy<Value = (RotaryConfig, usize)> {
    let pairings = prop::sample::select(vec![RotaryPairing::HalfSplit, RotaryPairing::Interleaved]);
    let scalings = prop::sample::select(vec![
        RotaryScaling::None,
        RotaryScaling::Linear { factor: 3.0 },
        RotaryScaling::Ntk { factor: 2.0 },
    ]);
    (2..5_usize, 0..4_usize, pairings, scalings).prop_map(|(pairs, rest, pairing, scaling)| {
        let d_head = 2 * pairs + rest;
        let config = RotaryConfig::new(d_head)
            .with_rotated_dims(2 * pairs)
            .with_pairing(pairing)
            .with_scaling(scaling);
        (config, d_head)
    })
}

/// The score of each query with each key, `[len, len]`.
fn scores(q: Tensor<4>, k: Tensor<4>) -> Tensor<2> {
    let [_, len, _, d_head] = q.dims();
    q.reshape([len, d_head]).matmul(k.reshape([len, d_head]).transpose())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rotation_at_an_offset_equals_the_full_pass((config, d_head) in rotaries(), len in 2..8_usize) {
        let (rotary, x) = (config.init(), random([2, len, 3, d_head], 1, &Device::flex()));
        let full = rotary.forward(x.clone(), 0);
        for position in 0..len {
            let row = rotary.forward(x.clone().narrow(1, position, 1), position);
            assert_close(&row, &full.clone().narrow(1, position, 1), 0.0, 0.0);
        }
    }

    #[test]
    fn dot_products_of_rotated_heads_depend_only_on_the_distance((config, d_head) in rotaries(), shift in 1..50_usize) {
        let rotary = config.init();
        let [q, k] = [1, 2].map(|seed| random([1, 6, 1, d_head], seed, &Device::flex()));
        let at = |start| scores(rotary.forward(q.clone(), start), rotary.forward(k.clone(), start));
        assert_close(&at(shift), &at(0), TOLERANCE, TOLERANCE);
    }

    #[test]
    fn rotation_preserves_the_norm((config, d_head) in rotaries(), start in 0..100_usize) {
        let x = random([1, 4, 2, d_head], 3, &Device::flex());
        let squared_norms = |x: Tensor<4>| x.square().sum_dim(3);
        let rotated = config.init().forward(x.clone(), start);
        assert_close(&squared_norms(rotated), &squared_norms(x), TOLERANCE, TOLERANCE);
    }

    #[test]
    fn a_bias_at_an_offset_equals_a_row_of_the_full_bias(
        alibi: bool, n_heads in 1..9_usize, len in 2..40_usize, bidirectional: bool,
    ) {
        let device = Device::flex();
        let bias = if alibi {
            PositionBias::Alibi(AlibiConfig::new(n_heads).init())
        } else {
            let config = RelativePositionBiasConfig::new(n_heads).with_bidirectional(bidirectional);
            PositionBias::Relative(jittered(config.init(&device), 1.0, 4))
        };
        let full = bias.forward(0, len, len, &device);
        let last = bias.forward(len - 1, 1, len, &device);
        assert_close(&last, &full.narrow(2, len - 1, 1), 0.0, 0.0);
    }
}

#[test]
#[should_panic(expected = "rotated_dims (7) must be even, greater than 0 and at most d_head (8)")]
fn an_odd_number_of_rotated_features_panics() {
    RotaryConfig::new(8).with_rotated_dims(7).init();
}
