//! Agreement with PyTorch, forward and backward (`tests/fixtures/export_torch_nn.py`).

use burn::tensor::{Device, Tensor};
use crosshead_attention::{AttentionMask, MultiHeadAttention, MultiHeadAttentionConfig};
use crosshead_kernels::{AttentionOptions, Mode, Reach, attention};
use crosshead_testkit::{Fixture, TorchCase};

const FIXTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/torch-nn.safetensors");

/// The reference was computed in f64, so this only allows for f32 rounding.
const TOLERANCE: f32 = 1e-5;

const N_HEADS: usize = 4;
const D_MODEL: usize = 16;

fn device() -> Device {
    Device::flex().autodiff()
}

/// softmax(QKᵀ/√d)·V of `torch.nn.functional.scaled_dot_product_attention`.
fn check_scaled_dot_product(name: &str, causal: bool, padded: bool) {
    let fixture = Fixture::open(FIXTURE);
    let case = TorchCase::new(&fixture, name, &[], TOLERANCE);
    // PyTorch keeps heads before positions: [batch, n_heads, len, d_head].
    let inputs = ["query", "key", "value"].map(|name| case.input::<4>(name, &device()));
    let [q, k, v] = inputs.clone().map(|x| x.swap_dims(1, 2));
    let options = AttentionOptions {
        scale: (q.dims()[3] as f32).powf(-0.5),
        reach: Reach { causal, ..Reach::default() },
        soft_cap: None,
        dropout: 0.0,
    };
    let bias = padded.then(|| padding_bias(&case.lengths("lengths"), k.dims()[1]));
    let y = attention(q, k, v, bias, options, Mode::Eval).swap_dims(1, 2);
    let gradients = case.backward(&y).unwrap();
    for (name, x) in ["query", "key", "value"].iter().zip(&inputs) {
        case.check_input(name, x, &gradients).unwrap();
    }
}

fn padding_bias(lengths: &[usize], k_len: usize) -> Tensor<4> {
    let device = Device::flex();
    let rows = lengths.iter().map(|&length| {
        let keys: Vec<f32> =
            (0..k_len).map(|key| if key < length { 0.0 } else { f32::NEG_INFINITY }).collect();
        Tensor::<1>::from_floats(&*keys, &device).reshape([1, 1, 1, k_len])
    });
    Tensor::cat(rows.collect(), 0)
}

#[test]
fn scaled_dot_product_attention_equals_pytorch() {
    check_scaled_dot_product("attention", false, false);
    check_scaled_dot_product("attention-padding", false, true);
    check_scaled_dot_product("attention-causal", true, false);
    check_scaled_dot_product("attention-causal-padding", true, true);
}

fn layer(case: &TorchCase<'_>) -> MultiHeadAttention {
    case.load(MultiHeadAttentionConfig::new(D_MODEL, N_HEADS).init(&device()))
}

fn check_self_attention(name: &str, mask: AttentionMask) {
    let fixture = Fixture::open(FIXTURE);
    let case = TorchCase::new(&fixture, name, &[], TOLERANCE);
    let (layer, x) = (layer(&case), case.input::<3>("x", &device()));
    let mask = mask.with_key_lengths(&case.lengths("lengths"), x.dims()[1], &device());
    let y = layer.self_attention(x.clone(), &mask, None, Mode::Eval);
    let gradients = case.backward(&y).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_parameters(&layer, &gradients).unwrap();
}

#[test]
fn self_attention_equals_pytorch() {
    check_self_attention("multi-head-self", AttentionMask::none());
    check_self_attention("multi-head-self-causal", AttentionMask::causal());
}

#[test]
fn cross_attention_equals_pytorch() {
    let fixture = Fixture::open(FIXTURE);
    let case = TorchCase::new(&fixture, "multi-head-cross", &[], TOLERANCE);
    let layer = layer(&case);
    let [x, memory] = ["x", "memory"].map(|name| case.input::<3>(name, &device()));
    let lengths = case.lengths("memory_lengths");
    let mask = AttentionMask::key_lengths(&lengths, memory.dims()[1], &device());
    let projected = layer.project_key_value(memory.clone(), Mode::Eval);
    let y = layer.cross_attention(x.clone(), projected, &mask, Mode::Eval);
    let gradients = case.backward(&y).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_input("memory", &memory, &gradients).unwrap();
    case.check_parameters(&layer, &gradients).unwrap();
}

const BRICKS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/torch-bricks.safetensors");

/// Grouped-query attention with a custom head size, and the options added by `with`.
fn check_variant(
    name: &str,
    with: impl FnOnce(MultiHeadAttentionConfig) -> MultiHeadAttentionConfig,
    mask: AttentionMask,
) {
    let fixture = Fixture::open(BRICKS);
    let case = TorchCase::new(&fixture, name, &[], TOLERANCE);
    let config = MultiHeadAttentionConfig::new(D_MODEL, 4)
        .with_n_kv_heads(2)
        .with_d_head(8)
        .with_out_bias(false);
    let attention = case.load(with(config).init(&device()));
    let x = case.input::<3>("x", &device());
    let y = attention.self_attention(x.clone(), &mask, None, Mode::Eval);
    let gradients = case.backward(&y).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_parameters(&attention, &gradients).unwrap();
}

#[test]
fn every_variant_of_attention_equals_pytorch() {
    let causal = AttentionMask::causal;
    check_variant("attention-grouped", |config| config, causal());
    check_variant("attention-qk-norm", |config| config.with_qk_norm(1e-6), causal());
    check_variant("attention-window", |config| config, causal().with_window(3));
    check_variant("attention-soft-cap", |config| config.with_soft_cap(0.5), causal());
    let scaled = |config: MultiHeadAttentionConfig| config.with_scale(0.5).with_out_bias(true);
    check_variant("attention-scale-out-bias", scaled, causal());
}
