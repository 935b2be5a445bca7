//! Layers compared with PyTorch, forward and backward, on the device under test (`fixtures/export_torch_bricks.py`).

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead::attention::{AttentionMask, MultiHeadAttentionConfig};
use crosshead::blocks::{FeedForwardConfig, LayerConfig, NormKind, NormOrder};
use crosshead::kernels::{Activation, Mode};
use crosshead::position::{RelativePositionBiasConfig, RotaryConfig, RotaryPairing};
use crosshead_testkit::{Fixture, TorchCase};
use crosshead_tests::{device, fixture};

/// The reference was computed in f64. GPUs may round matrix products and exponentials differently from CPUs, so this is
/// larger than the 1e-5 used in the layers' own tests on the CPU.
const TOLERANCE: f32 = 1e-4;

const D_MODEL: usize = 16;

/// The names of a layer's modules in `torch.nn`.
const LAYER: [(&str, &str); 6] = [
    ("self_attn_norm", "norm1"),
    ("self_attn_output_norm", "norm1_out"),
    ("feed_forward.up", "linear1"),
    ("feed_forward.down", "linear2"),
    ("feed_forward_norm", "norm2"),
    ("feed_forward_output_norm", "norm2_out"),
];

/// Compares the output of a module for `x`, and the gradients of `x` and of every parameter.
fn check<M: Module>(name: &str, module: M, forward: impl Fn(&M, Tensor<3>) -> Tensor<3>) {
    let file = Fixture::open(fixture("torch-bricks.safetensors"));
    let case = TorchCase::new(&file, name, &LAYER, TOLERANCE);
    let module = case.load(module);
    let x = case.input::<3>("x", &device());
    let gradients = case.backward(&forward(&module, x.clone())).unwrap();
    case.check_input("x", &x, &gradients).unwrap();
    case.check_parameters(&module, &gradients).unwrap();
}

#[test]
fn attention_equals_that_of_pytorch() {
    let device = device().autodiff();
    let grouped = MultiHeadAttentionConfig::new(D_MODEL, 4)
        .with_n_kv_heads(2)
        .with_d_head(8)
        .with_out_bias(false);
    let causal = AttentionMask::causal();
    for (name, config, mask) in [
        ("attention-grouped", grouped.clone(), causal.clone()),
        ("attention-qk-norm", grouped.clone().with_qk_norm(1e-6), causal.clone()),
        ("attention-window", grouped.clone(), causal.clone().with_window(3)),
        ("attention-soft-cap", grouped.with_soft_cap(0.5), causal),
    ] {
        check(name, config.init(&device), |attention, x| {
            attention.self_attention(x, &mask, None, Mode::Eval)
        });
    }
}

#[test]
fn layers_equal_those_of_pytorch() {
    let device = device().autodiff();
    for (name, order) in
        [("order-sandwich", NormOrder::Sandwich), ("order-parallel", NormOrder::Parallel)]
    {
        let layer = LayerConfig::new(D_MODEL, 2, 24)
            .with_activation(Activation::Gelu)
            .with_norm(NormKind::Rms)
            .with_norm_order(order)
            .init_encoder_layer(&device);
        check(name, layer, |layer, x| layer.forward(x, &AttentionMask::none(), Mode::Eval));
    }
    for (name, activation, bias) in
        [("swiglu", Activation::Silu, false), ("geglu", Activation::Gelu, true)]
    {
        let feed_forward = FeedForwardConfig::new(D_MODEL, 24)
            .with_activation(activation)
            .with_gated(true)
            .with_bias(bias);
        check(name, feed_forward.init(&device), |layer, x| layer.forward(x, Mode::Eval));
    }
    check("rms-norm", NormKind::Rms.init(D_MODEL, 1e-5, &device), |norm, x| norm.forward(x));
}

#[test]
fn positions_equal_those_of_transformers() {
    let file = Fixture::open(fixture("torch-bricks.safetensors"));
    let device = device().autodiff();
    let interleaved =
        RotaryConfig::new(8).with_pairing(RotaryPairing::Interleaved).with_rotated_dims(6);
    for (name, config) in
        [("rotary-default", RotaryConfig::new(16)), ("rotary-interleaved-partial", interleaved)]
    {
        let case = TorchCase::new(&file, name, &[], TOLERANCE);
        let x = case.input::<4>("x", &device);
        let gradients = case.backward(&config.init().forward(x.clone(), 5)).unwrap();
        case.check_input("x", &x, &gradients).unwrap();
    }
    let case = TorchCase::new(&file, "relative-bidirectional", &[], TOLERANCE);
    let bias = RelativePositionBiasConfig::new(3).with_n_buckets(8).with_max_distance(20);
    let bias = case.load(bias.init(&device));
    let gradients = case.backward(&bias.forward(0, 40, 40)).unwrap();
    case.check_parameters(&bias, &gradients).unwrap();
}
