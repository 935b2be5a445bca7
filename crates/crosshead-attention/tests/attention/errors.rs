//! Invalid arguments panic with names and shapes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};
use crosshead_attention::{
    AttentionMask, KeyValue, KvCache, MultiHeadAttention, MultiHeadAttentionConfig,
};
use crosshead_kernels::Mode;
use crosshead_position::RotaryConfig;
use crosshead_testkit::{assert_close, random};

/// Asserts that `f` panics with a message that contains all `names`.
fn assert_panics<T>(f: impl FnOnce() -> T, names: &[&str]) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("did not panic") };
    let message = panic.downcast_ref::<String>().expect("a message with values");
    for name in names {
        assert!(message.contains(name), "`{name}` is missing in: {message}");
    }
}

fn attention() -> MultiHeadAttention {
    MultiHeadAttentionConfig::new(8, 4).with_n_kv_heads(2).init(&Device::flex())
}

fn x(batch: usize, len: usize, d_model: usize) -> Tensor<3> {
    random([batch, len, d_model], 1, &Device::flex())
}

#[test]
fn a_wrong_number_of_features_panics() {
    let (attention, none) = (attention(), AttentionMask::none());
    let memory = || attention.project_key_value(x(2, 5, 8), Mode::Eval);
    let names = ["x [2, 3, 7]", "d_model (8)"];
    assert_panics(|| attention.self_attention(x(2, 3, 7), &none, None, Mode::Eval), &names);
    assert_panics(|| attention.cross_attention(x(2, 3, 7), memory(), &none, Mode::Eval), &names);
    assert_panics(|| attention.self_attention_weights(x(2, 3, 7), &none), &names);
    assert_panics(|| attention.cross_attention_weights(x(2, 3, 7), memory(), &none), &names);
    assert_panics(
        || attention.project_key_value(x(2, 5, 9), Mode::Eval),
        &["memory [2, 5, 9]", "(8)"],
    );
}

#[test]
fn a_memory_of_a_different_batch_or_heads_panics() {
    let (attention, none) = (attention(), AttentionMask::none());
    let memory = || attention.project_key_value(x(3, 5, 8), Mode::Eval);
    let names = ["[3, 5, 2, 2]", "x [2, 3, 8]", "[2, 5, 2, 2]"];
    assert_panics(|| attention.cross_attention(x(2, 3, 8), memory(), &none, Mode::Eval), &names);
    assert_panics(|| attention.cross_attention_weights(x(2, 3, 8), memory(), &none), &names);
    let other = MultiHeadAttentionConfig::new(8, 4).init(&Device::flex());
    let heads = other.project_key_value(x(2, 5, 8), Mode::Eval);
    let names = ["[2, 5, 4, 2]", "[2, 5, 2, 2]"];
    assert_panics(|| attention.cross_attention(x(2, 3, 8), heads, &none, Mode::Eval), &names);
}

#[test]
fn a_mask_of_a_different_shape_panics() {
    let attention = attention();
    let run = |mask: AttentionMask| attention.self_attention(x(2, 3, 8), &mask, None, Mode::Eval);
    let lengths = |rows: &[usize], len| AttentionMask::key_lengths(rows, len, &Device::flex());
    assert_panics(|| run(lengths(&[4, 3], 4)), &["[2, 1, 1, 4]", "[2, 4, 3, 3]"]);
    assert_panics(|| run(lengths(&[3, 2, 1], 3)), &["[3, 1, 1, 3]", "[2, 4, 3, 3]"]);
    let starts = AttentionMask::none().with_key_starts(&[0, 1, 2], &Device::flex());
    assert_panics(|| run(starts.clone()), &["[3, 1, 1, 3]", "[2, 4, 3, 3]"]);
    let bias = random([1, 3, 3, 3], 2, &Device::flex());
    assert_panics(|| run(AttentionMask::none().with_bias(bias)), &["[1, 3, 3, 3]", "[2, 4, 3, 3]"]);
    assert_panics(
        || lengths(&[4, 3], 4).with_key_lengths(&[3, 2], 3, &Device::flex()),
        &["[2, 1, 1, 3]", "[2, 1, 1, 4]"],
    );
    assert_panics(|| starts.with_key_starts(&[1, 0], &Device::flex()), &["2 rows", "3"]);
}

#[test]
fn a_cache_of_different_heads_panics() {
    let part = |n_heads, d_head| random([2, 1, n_heads, d_head], 1, &Device::flex());
    let mut cache = KvCache::new(4);
    cache.append(KeyValue { key: part(2, 3), value: part(2, 3) });
    let heads = KeyValue { key: part(3, 3), value: part(3, 3) };
    assert_panics(|| cache.clone().append(heads), &["[2, 1, 3, 3]", "2, 3]"]);
    let unequal = KeyValue { key: part(2, 3), value: part(3, 3) };
    assert_panics(|| cache.append(unequal), &["[2, 1, 2, 3]", "[2, 1, 3, 3]"]);
}

#[test]
fn rotary_embeddings_of_a_different_head_size_panic() {
    let config = MultiHeadAttentionConfig::new(8, 2).with_rotary(RotaryConfig::new(2));
    assert_panics(|| config.init(&Device::flex()), &["d_head 2", "d_head (4)"]);
}

/// If a part is set twice, a key is hidden if either setting hides it.
#[test]
fn repeated_parts_of_a_mask_combine() {
    let (attention, device) = (attention(), Device::flex());
    let run = |mask: AttentionMask| attention.self_attention(x(2, 6, 8), &mask, None, Mode::Eval);
    let none = AttentionMask::none;
    for (first, second) in [(2, 4), (4, 2)] {
        let both = none().with_window(first).with_window(second);
        assert_close(&run(both), &run(none().with_window(2)), 0.0, 0.0);
    }
    let both = none().with_key_starts(&[1, 3], &device).with_key_starts(&[2, 1], &device);
    assert_close(&run(both), &run(none().with_key_starts(&[2, 3], &device)), 0.0, 0.0);
    let both = none().with_key_lengths(&[5, 2], 6, &device).with_key_lengths(&[3, 4], 6, &device);
    assert_close(&run(both), &run(none().with_key_lengths(&[3, 2], 6, &device)), 0.0, 0.0);
}
