//! The same numbers as PyTorch, forward and backward (`tests/fixtures/export_torch_nn.py`).

use burn::tensor::Device;
use crosshead_attention::AttentionMask;
use crosshead_blocks::{LayerConfig, NormOrder};
use crosshead_kernels::{LayerNormConfig, Mode};
use crosshead_testkit::{Fixture, TorchCase};

const FIXTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/torch-nn.safetensors");

/// The reference was computed in f64, so this is the rounding of f32 alone.
const TOLERANCE: f32 = 1e-5;

const D_MODEL: usize = 16;

/// What `torch.nn.TransformerEncoderLayer` calls the parts of a layer.
const ENCODER: [(&str, &str); 4] = [
    ("self_attn_norm", "norm1"),
    ("feed_forward.up", "linear1"),
    ("feed_forward.down", "linear2"),
    ("feed_forward_norm", "norm2"),
];

/// What `torch.nn.TransformerDecoderLayer` calls the parts of a layer.
const DECODER: [(&str, &str); 6] = [
    ("self_attn_norm", "norm1"),
    ("cross_attn", "multihead_attn"),
    ("cross_attn_norm", "norm2"),
    ("feed_forward.up", "linear1"),
    ("feed_forward.down", "linear2"),
    ("feed_forward_norm", "norm3"),
];

fn device() -> Device {
    Device::flex().autodiff()
}

fn config(order: NormOrder) -> LayerConfig {
    LayerConfig::new(D_MODEL, 4, 32).with_norm_order(order)
}

#[test]
fn layer_normalization_equals_pytorch() {
    let fixture = Fixture::open(FIXTURE);
    let case = TorchCase::new(&fixture, "layer-norm", &[], TOLERANCE);
    let norm = case.load(LayerNormConfig::new(D_MODEL).init(&device()));
    let x = case.input::<3>("x", &device());
    let shape = x.dims();
    let rows = x.clone().reshape([shape[0] * shape[1], D_MODEL]);
    let gradients = case.backward(&norm.forward(rows).reshape(shape)).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_parameters(&norm, &gradients).unwrap();
}

fn check_encoder_layer(name: &str, order: NormOrder) {
    let fixture = Fixture::open(FIXTURE);
    let case = TorchCase::new(&fixture, name, &ENCODER, TOLERANCE);
    let layer = case.load(config(order).init_encoder_layer(&device()));
    let x = case.input::<3>("x", &device());
    let mask = AttentionMask::key_lengths(&case.lengths("lengths"), x.dims()[1], &device());
    let y = layer.forward(x.clone(), &mask, Mode::Eval);
    let gradients = case.backward(&y).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_parameters(&layer, &gradients).unwrap();
}

#[test]
fn an_encoder_layer_equals_pytorch_in_both_norm_orders() {
    check_encoder_layer("encoder-layer-post", NormOrder::Post);
    check_encoder_layer("encoder-layer-pre", NormOrder::Pre);
}

fn check_decoder_layer(name: &str, order: NormOrder) {
    let fixture = Fixture::open(FIXTURE);
    let case = TorchCase::new(&fixture, name, &DECODER, TOLERANCE);
    let layer = case.load(config(order).init_decoder_layer(&device()));
    let [x, memory] = ["x", "memory"].map(|name| case.input::<3>(name, &device()));
    let lengths = case.lengths("memory_lengths");
    let memory_mask = AttentionMask::key_lengths(&lengths, memory.dims()[1], &device());
    let self_mask =
        AttentionMask::causal().with_key_lengths(&case.lengths("lengths"), x.dims()[1], &device());
    let projected = layer.cross_attn.project_key_value(memory.clone());
    let y = layer.forward(x.clone(), &self_mask, projected, &memory_mask, None, Mode::Eval);
    let gradients = case.backward(&y).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_input("memory", &memory, &gradients).unwrap();
    case.check_parameters(&layer, &gradients).unwrap();
}

#[test]
fn a_decoder_layer_equals_pytorch_in_both_norm_orders() {
    check_decoder_layer("decoder-layer-post", NormOrder::Post);
    check_decoder_layer("decoder-layer-pre", NormOrder::Pre);
}
