//! Inconsistent inputs panic with names and sizes, and no configured sub-layer is skipped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};
use crosshead_attention::{AttentionMask, MultiHeadAttentionConfig};
use crosshead_blocks::{FeedForwardConfig, LayerConfig, Memory, NormOrder};
use crosshead_kernels::Mode;
use crosshead_testkit::random;

/// The panic message of `f`.
fn panic_message<T>(f: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it did not panic") };
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().expect("a message").to_string(),
    }
}

fn assert_panics<T>(f: impl FnOnce() -> T, names: &[&str]) {
    let message = panic_message(f);
    for name in names {
        assert!(message.contains(name), "`{name}` is missing in: {message}");
    }
}

fn config() -> LayerConfig {
    LayerConfig::new(8, 2, 16)
}

fn x(batch: usize, len: usize, d_model: usize) -> Tensor<3> {
    random([batch, len, d_model], 1, &Device::flex())
}

fn memory(batch: usize, len: usize) -> Memory {
    Memory { states: x(batch, len, 8), mask: AttentionMask::none() }
}

const NEEDS_MEMORY: &str = "a decoder with cross-attention needs a memory";
const TAKES_NO_MEMORY: &str = "a decoder without cross-attention takes no memory";

#[test]
fn cross_attention_is_never_skipped() {
    let device = Device::flex();
    let (with, without) =
        (config().init_decoder_layer(&device), config().init_decoder_only_layer(&device));
    let none = AttentionMask::none();
    let projected =
        || with.project_memory(Some(&memory(2, 4)), Mode::Eval).map(|memory| (memory, &none));
    with.forward(x(2, 3, 8), &none, projected(), None, Mode::Eval);
    without.forward(x(2, 3, 8), &none, None, None, Mode::Eval);
    assert_panics(|| with.forward(x(2, 3, 8), &none, None, None, Mode::Eval), &[NEEDS_MEMORY]);
    assert_panics(
        || without.forward(x(2, 3, 8), &none, projected(), None, Mode::Eval),
        &[TAKES_NO_MEMORY],
    );
    let (with, without) =
        (config().init_decoder(2, &device), config().init_decoder_only(2, &device));
    let forward = |decoder: &crosshead_blocks::Decoder, memory: Option<&Memory>| {
        decoder.forward(x(2, 3, 8), AttentionMask::none(), memory, Mode::Eval)
    };
    assert_panics(|| forward(&with, None), &[NEEDS_MEMORY]);
    assert_panics(|| forward(&without, Some(&memory(2, 4))), &[TAKES_NO_MEMORY]);
    assert_panics(|| with.start(None, AttentionMask::none(), 4), &[NEEDS_MEMORY]);
    let memory = memory(2, 4);
    assert_panics(|| without.start(Some(&memory), AttentionMask::none(), 4), &[TAKES_NO_MEMORY]);
}

#[test]
fn parallel_order_with_cross_attention_panics() {
    let device = Device::flex();
    let mut layer = config().with_norm_order(NormOrder::Parallel).init_decoder_only_layer(&device);
    layer.cross_attn = config().init_decoder_layer(&device).cross_attn;
    let none = AttentionMask::none();
    let projected =
        layer.project_memory(Some(&memory(2, 4)), Mode::Eval).map(|memory| (memory, &none));
    assert_panics(
        || layer.forward(x(2, 3, 8), &none, projected, None, Mode::Eval),
        &["parallel order is not defined for layers with cross-attention"],
    );
}

#[test]
fn the_norm_order_determines_the_norms_of_a_layer() {
    let device = Device::flex();
    let norm = config().init_encoder_layer(&device).feed_forward_norm;
    let none = AttentionMask::none();
    let layer = |order| config().with_norm_order(order).init_encoder_layer(&device);
    let run = |layer: crosshead_blocks::EncoderLayer| layer.forward(x(2, 3, 8), &none, Mode::Eval);
    for order in [NormOrder::Pre, NormOrder::Post, NormOrder::Sandwich] {
        let mut layer = layer(order);
        layer.feed_forward_norm = None;
        let names = format!("a layer in {order:?} order needs feed_forward_norm");
        assert_panics(|| run(layer), &[&names]);
    }
    let mut parallel = layer(NormOrder::Parallel);
    parallel.feed_forward_norm = norm.clone();
    assert_panics(|| run(parallel), &["a layer in Parallel order has no feed_forward_norm"]);
    let mut sandwich = layer(NormOrder::Sandwich);
    sandwich.self_attn_output_norm = None;
    assert_panics(|| run(sandwich), &["a layer in Sandwich order needs self_attn_output_norm"]);
    let mut pre = layer(NormOrder::Pre);
    pre.feed_forward_output_norm = norm;
    assert_panics(|| run(pre), &["a layer in Pre order has no feed_forward_output_norm"]);
}

#[test]
fn a_wrong_number_of_features_is_reported() {
    let device = Device::flex();
    let none = AttentionMask::none();
    let names = ["[2, 3, 7]", "d_model (8)"];
    let (encoder, decoder) = (config().init_encoder(1, &device), config().init_decoder(1, &device));
    assert_panics(|| encoder.forward(x(2, 3, 7), &none, Mode::Eval), &names);
    assert_panics(|| encoder.layers[0].forward(x(2, 3, 7), &none, Mode::Eval), &names);
    assert_panics(|| encoder.layers[0].feed_forward.forward(x(2, 3, 7), Mode::Eval), &names);
    let right = memory(2, 4);
    let forward = |x, memory| decoder.forward(x, AttentionMask::none(), Some(memory), Mode::Eval);
    assert_panics(|| forward(x(2, 3, 7), &right), &names);
    let wrong = Memory { states: x(2, 4, 9), mask: AttentionMask::none() };
    assert_panics(|| forward(x(2, 3, 8), &wrong), &["memory [2, 4, 9]", "d_model (8)"]);
    let mut cache = decoder.start(Some(&right), AttentionMask::none(), 4);
    assert_panics(|| decoder.forward_cached(x(2, 1, 7), &mut cache), &["[2, 1, 7]", "d_model (8)"]);
}

#[test]
fn mismatched_batches_and_masks_are_reported() {
    let device = Device::flex();
    let (encoder, decoder) = (config().init_encoder(1, &device), config().init_decoder(1, &device));
    let too_long = AttentionMask::key_lengths(&[5, 4], 5, &device);
    let names = ["[2, 1, 1, 5]", "[2, 2, 3, 3]"];
    assert_panics(|| encoder.forward(x(2, 3, 8), &too_long, Mode::Eval), &names);
    let rows = AttentionMask::key_lengths(&[3, 2, 1], 3, &device);
    let names = ["[3, 1, 1, 3]", "[2, 2, 3, 3]"];
    assert_panics(|| encoder.forward(x(2, 3, 8), &rows, Mode::Eval), &names);
    let forward = |memory: Memory| {
        decoder.forward(x(2, 3, 8), AttentionMask::none(), Some(&memory), Mode::Eval)
    };
    assert_panics(|| forward(memory(3, 4)), &["[3, 4, 2, 4]", "[2, 3, 8]"]);
    let masked = Memory { mask: rows, ..memory(2, 4) };
    assert_panics(|| forward(masked), &["[3, 1, 1, 3]", "[2, 2, 3, 4]"]);
}

#[test]
fn the_cache_of_a_different_decoder_panics() {
    let device = Device::flex();
    let small = config().init_decoder_only(1, &device);
    let large = config().init_decoder_only(2, &device);
    let mut cache = small.start(None, AttentionMask::none(), 4);
    assert_panics(
        || large.forward_cached(x(2, 1, 8), &mut cache),
        &["a cache of 1 layers does not match a decoder of 2 layers"],
    );
}

#[test]
fn inconsistent_sizes_panic() {
    let device = Device::flex();
    let attention = config().with_attention(MultiHeadAttentionConfig::new(12, 2));
    assert_panics(|| attention.init_encoder(1, &device), &["d_model (12)", "d_model (8)"]);
    let heads = config().with_attention(MultiHeadAttentionConfig::new(8, 4));
    assert_panics(|| heads.init_decoder(1, &device), &["n_heads (4)", "(2)"]);
    let feed_forward = config().with_feed_forward(FeedForwardConfig::new(12, 16));
    assert_panics(|| feed_forward.init_encoder(1, &device), &["d_model (12)", "d_model (8)"]);
}

#[test]
fn the_smaller_of_two_windows_applies() {
    let device = Device::flex();
    let encoder = config().with_window(4).init_encoder(1, &device);
    let narrow = config().with_window(2).init_encoder(1, &device);
    let forward = |encoder: &crosshead_blocks::Encoder, mask: &AttentionMask| {
        encoder.forward(x(2, 6, 8), mask, Mode::Eval).into_data()
    };
    let of_mask = forward(&encoder, &AttentionMask::none().with_window(2));
    assert_eq!(of_mask, forward(&narrow, &AttentionMask::none()));
}
