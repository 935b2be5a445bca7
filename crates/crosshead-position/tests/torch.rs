//! Agreement with transformers, forward and backward (`tests/fixtures/export_torch_bricks.py`).

use burn::tensor::{Device, Tensor};
use crosshead_position::{
    AlibiConfig, RelativePositionBiasConfig, RotaryConfig, RotaryPairing, RotaryScaling,
};
use crosshead_testkit::{Fixture, TorchCase, assert_close};

const FIXTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/torch-bricks.safetensors");

/// The reference was computed in f64, so this only allows for f32 rounding.
const TOLERANCE: f32 = 1e-5;

/// The start position of the rotary cases.
const START: usize = 5;

fn device() -> Device {
    Device::flex().autodiff()
}

fn check_rotary(name: &str, config: &RotaryConfig) {
    let fixture = Fixture::open(FIXTURE);
    let case = TorchCase::new(&fixture, name, &[], TOLERANCE);
    let x = case.input::<4>("x", &device());
    let gradients = case.backward(&config.init().forward(x.clone(), START)).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
}

#[test]
fn rotary_embeddings_equal_llama_with_every_scaling() {
    let config = RotaryConfig::new(16);
    check_rotary("rotary-default", &config);
    let linear = RotaryScaling::Linear { factor: 4.0 };
    check_rotary("rotary-linear", &config.clone().with_scaling(linear));
    let llama3 = RotaryScaling::Llama3 {
        factor: 8.0,
        low_freq_factor: 1.0,
        high_freq_factor: 4.0,
        original_max_len: 64,
    };
    check_rotary("rotary-llama3", &config.with_scaling(llama3));
}

#[test]
fn interleaved_partial_rotary_embeddings_equal_gpt_j() {
    let config = RotaryConfig::new(8).with_pairing(RotaryPairing::Interleaved).with_rotated_dims(6);
    check_rotary("rotary-interleaved-partial", &config);
}

#[test]
fn relative_biases_equal_t5_bidirectional_and_causal() {
    let fixture = Fixture::open(FIXTURE);
    for (name, bidirectional) in [("relative-bidirectional", true), ("relative-causal", false)] {
        let case = TorchCase::new(&fixture, name, &[], TOLERANCE);
        let bias = RelativePositionBiasConfig::new(3)
            .with_n_buckets(8)
            .with_max_distance(20)
            .with_bidirectional(bidirectional);
        let bias = case.load(bias.init(&device()));
        let gradients = case.backward(&bias.forward(0, 40, 40)).unwrap();
        case.check_parameters(&bias, &gradients).unwrap();
    }
}

#[test]
fn alibi_equals_bloom_for_any_number_of_heads() {
    let fixture = Fixture::open(FIXTURE);
    for n_heads in [4, 6] {
        let expected: Tensor<2> =
            fixture.tensor(&format!("alibi-{n_heads}/output/last_row"), &Device::flex());
        let [_, len] = expected.dims();
        let alibi = AlibiConfig::new(n_heads).init();
        let bias = alibi.forward(len - 1, 1, len, &Device::flex());
        assert_close(&bias.reshape([n_heads, len]), &expected, TOLERANCE, TOLERANCE);
    }
}
