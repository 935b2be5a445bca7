//! Equality with PyTorch, forward and backward (`tests/fixtures/export_torch_nn.py`).

use burn::tensor::Device;
use crosshead_attention::AttentionMask;
use crosshead_blocks::{FeedForwardConfig, LayerConfig, Memory, NormKind, NormOrder};
use crosshead_kernels::{Activation, LayerNormConfig, Mode};
use crosshead_testkit::{Fixture, TorchCase};

const FIXTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/torch-nn.safetensors");

/// f32 rounding; the reference is computed in f64.
const TOLERANCE: f32 = 1e-5;

const D_MODEL: usize = 16;

/// The parameter names of `torch.nn.TransformerEncoderLayer`.
const ENCODER: [(&str, &str); 4] = [
    ("self_attn_norm", "norm1"),
    ("feed_forward.up", "linear1"),
    ("feed_forward.down", "linear2"),
    ("feed_forward_norm", "norm2"),
];

/// The parameter names of `torch.nn.TransformerDecoderLayer`.
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
    let states = Memory { states: memory.clone(), mask: memory_mask.clone() };
    let projected =
        layer.project_memory(Some(&states), Mode::Eval).map(|memory| (memory, &memory_mask));
    let y = layer.forward(x.clone(), &self_mask, projected, None, Mode::Eval);
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

const BRICKS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/torch-bricks.safetensors");

#[test]
fn gated_feed_forward_equals_pytorch_with_every_activation() {
    let fixture = Fixture::open(BRICKS);
    for (name, activation, bias) in [
        ("swiglu", Activation::Silu, false),
        ("geglu", Activation::Gelu, true),
        ("geglu-tanh", Activation::GeluTanh, false),
        ("reglu", Activation::Relu, true),
    ] {
        let case = TorchCase::new(&fixture, name, &[], TOLERANCE);
        let config = FeedForwardConfig::new(D_MODEL, 24)
            .with_activation(activation)
            .with_gated(true)
            .with_bias(bias);
        let feed_forward = case.load(config.init(&device()));
        let x = case.input::<3>("x", &device());
        let gradients = case.backward(&feed_forward.forward(x.clone(), Mode::Eval)).unwrap();
        case.check_input("x", &x, &gradients).unwrap();
        case.check_parameters(&feed_forward, &gradients).unwrap();
    }
}

#[test]
fn root_mean_square_normalization_equals_pytorch() {
    let fixture = Fixture::open(BRICKS);
    let case = TorchCase::new(&fixture, "rms-norm", &[], TOLERANCE);
    let norm = case.load(NormKind::Rms.init(D_MODEL, 1e-5, &device()));
    let x = case.input::<3>("x", &device());
    let gradients = case.backward(&norm.forward(x.clone())).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_parameters(&norm, &gradients).unwrap();
}

#[test]
fn sandwich_and_parallel_order_equal_pytorch() {
    let renames = [
        ("self_attn_norm", "norm1"),
        ("self_attn_output_norm", "norm1_out"),
        ("feed_forward.up", "linear1"),
        ("feed_forward.down", "linear2"),
        ("feed_forward_norm", "norm2"),
        ("feed_forward_output_norm", "norm2_out"),
    ];
    let fixture = Fixture::open(BRICKS);
    for (name, order) in
        [("order-sandwich", NormOrder::Sandwich), ("order-parallel", NormOrder::Parallel)]
    {
        let case = TorchCase::new(&fixture, name, &renames, TOLERANCE);
        let config = LayerConfig::new(D_MODEL, 2, 24)
            .with_activation(Activation::Gelu)
            .with_norm(NormKind::Rms)
            .with_norm_order(order);
        let layer = case.load(config.init_encoder_layer(&device()));
        let x = case.input::<3>("x", &device());
        let y = layer.forward(x.clone(), &AttentionMask::none(), Mode::Eval);
        let gradients = case.backward(&y).unwrap();
        case.check_input("x", &x, &gradients).unwrap();
        case.check_parameters(&layer, &gradients).unwrap();
    }
}
