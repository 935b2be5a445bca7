//! Decoding with a key/value cache.

use burn::tensor::{Device, Int, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache, MultiHeadAttention};
use crosshead_kernels::Mode;
use crosshead_testkit::{
    assert_close, cached_steps_equal_the_full_pass, random, reordered_steps_equal_the_full_pass,
};
use proptest::prelude::*;

use crate::shapes::{TOLERANCE, shapes};

fn full(attention: &MultiHeadAttention, x: Tensor<3>) -> Tensor<3> {
    attention.self_attention(x, &AttentionMask::causal(), None, Mode::Eval)
}

fn step(attention: &MultiHeadAttention, cache: &mut KvCache, x: Tensor<3>) -> Tensor<3> {
    attention.self_attention(x, &AttentionMask::causal(), Some(cache), Mode::Eval)
}

fn row_ids(rows: &[usize]) -> Tensor<1, Int> {
    let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    Tensor::from_data(&*rows, &Device::flex())
}

/// Random keys and values of `len` positions.
fn key_value(len: usize, seed: u64) -> KeyValue {
    let part = |seed| random([2, len, 3, 4], seed, &Device::flex());
    KeyValue { key: part(2 * seed), value: part(2 * seed + 1) }
}

fn joined(parts: &[KeyValue]) -> KeyValue {
    let join = |part: fn(&KeyValue) -> Tensor<4>| Tensor::cat(parts.iter().map(part).collect(), 1);
    KeyValue { key: join(|part| part.key.clone()), value: join(|part| part.value.clone()) }
}

fn assert_same(actual: &KeyValue, expected: &KeyValue) {
    assert_close(&actual.key, &expected.key, 0.0, 0.0);
    assert_close(&actual.value, &expected.value, 0.0, 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn cached_attention_equals_the_full_pass(shape in shapes(), spare in 0..3_usize) {
        let attention = shape.attention();
        cached_steps_equal_the_full_pass(
            |x| full(&attention, x),
            || KvCache::new(shape.seq + spare),
            |cache, x| step(&attention, cache, x),
            shape.x(),
            TOLERANCE,
        )
        .unwrap();
    }

    #[test]
    fn a_cache_that_outgrows_its_buffers_keeps_every_position(
        lens in prop::collection::vec(1..90_usize, 1..6), rows in prop::array::uniform2(0..2_usize),
    ) {
        let total: usize = lens.iter().sum();
        let parts: Vec<KeyValue> =
            lens.iter().zip(0..).map(|(&len, seed)| key_value(len, seed)).collect();
        let mut cache = KvCache::new(total);
        let (last, before) = parts.split_last().unwrap();
        for i in 0..before.len() {
            assert_same(&cache.append(before[i].clone()), &joined(&parts[..=i]));
        }
        cache.reorder(&row_ids(&rows));
        let moved: Vec<KeyValue> =
            before.iter().map(|part| part.clone().select(row_ids(&rows))).collect();
        let expected = joined(&[&moved[..], std::slice::from_ref(last)].concat());
        assert_same(&cache.append(last.clone()), &expected);
        prop_assert_eq!(cache.len(), total);
    }

    #[test]
    fn reordered_rows_continue_their_own_sequence(shape in shapes()) {
        let attention = shape.attention();
        reordered_steps_equal_the_full_pass(
            |x| full(&attention, x),
            || KvCache::new(shape.seq),
            |cache, x| step(&attention, cache, x),
            |cache, rows| cache.reorder(&row_ids(rows)),
            shape.x(),
            TOLERANCE,
        )
        .unwrap();
    }

    #[test]
    fn decoding_after_truncation_ignores_the_removed_positions(
        shape in shapes(), kept in 1..3_usize,
    ) {
        let attention = shape.attention();
        let mut cache = KvCache::new(shape.seq);
        let rejected = random([shape.batch, shape.seq - kept, shape.d_model()], 21, &Device::flex());
        step(&attention, &mut cache, shape.x().narrow(1, 0, kept));
        step(&attention, &mut cache, rejected);
        cache.truncate(kept);
        let actual = step(&attention, &mut cache, shape.x().narrow(1, kept, shape.seq - kept));
        let expected = full(&attention, shape.x()).narrow(1, kept, shape.seq - kept);
        assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn a_cache_returns_everything_that_was_appended(lens in prop::collection::vec(1..4_usize, 1..5)) {
        let mut cache = KvCache::new(lens.iter().sum());
        let mut parts = Vec::new();
        for (seed, &len) in (0..).zip(&lens) {
            parts.push(key_value(len, seed));
            assert_same(&cache.append(key_value(len, seed)), &joined(&parts));
        }
        prop_assert_eq!(cache.size(), (2, lens.iter().sum()));
    }

    #[test]
    fn selecting_rows_commutes_with_cross_attention(shape in shapes()) {
        let attention = shape.attention();
        let device = Device::flex();
        let memory = attention.project_key_value(random(
            [shape.batch, shape.seq + 2, shape.d_model()], 22, &device,
        ), Mode::Eval);
        let lengths = shape.lengths();
        let mask = AttentionMask::key_lengths(&lengths, shape.seq + 2, &device);
        let rows = row_ids(&[1, 1, 0]);
        let attend = |x, memory, mask: &AttentionMask| {
            attention.cross_attention(x, memory, mask, Mode::Eval)
        };
        let expected = attend(shape.x(), memory.clone(), &mask).select(0, rows.clone());
        let x = shape.x().select(0, rows.clone());
        let actual = attend(x, memory.select(rows.clone()), &mask.select(rows));
        assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn adjacent_rows_can_share_a_row_of_the_memory(shape in shapes(), beams in 1..4_usize) {
        let attention = shape.attention();
        let device = Device::flex();
        let memory = attention.project_key_value(random(
            [shape.batch, shape.seq + 2, shape.d_model()], 22, &device,
        ));
        let mask = AttentionMask::key_lengths(&shape.lengths(), shape.seq + 2, &device);
        let x = random([shape.batch * beams, shape.seq, shape.d_model()], 23, &device);
        let rows: Vec<usize> = (0..shape.batch * beams).map(|row| row / beams).collect();
        let rows = row_ids(&rows);
        let copies = (memory.clone().select(rows.clone()), mask.select(rows));
        let actual = attention.cross_attention(x.clone(), memory, &mask, Mode::Eval);
        let expected = attention.cross_attention(x, copies.0, &copies.1, Mode::Eval);
        assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
    }
}

#[test]
fn a_clone_does_not_see_what_the_original_appends() {
    let mut cache = KvCache::new(4);
    cache.append(key_value(2, 1));
    let mut clone = cache.clone();
    cache.append(key_value(2, 2));
    let seen = clone.append(key_value(2, 3));
    assert_same(&seen, &joined(&[key_value(2, 1), key_value(2, 3)]));
}

#[test]
fn the_result_of_append_does_not_change_later() {
    let mut cache = KvCache::new(3);
    let before = cache.append(key_value(2, 1));
    cache.truncate(0);
    cache.append(key_value(3, 2));
    assert_same(&before, &key_value(2, 1));
}

#[test]
fn an_empty_cache_can_be_reordered() {
    let mut cache = KvCache::new(3);
    cache.reorder(&row_ids(&[0, 0, 1]));
    assert!(cache.is_empty());
}

#[test]
#[should_panic(expected = "position 4 exceeds the capacity of the cache (3)")]
fn appending_beyond_the_capacity_panics() {
    let mut cache = KvCache::new(3);
    cache.append(key_value(2, 1));
    cache.append(key_value(2, 2));
}

#[test]
#[should_panic(expected = "a batch of 2 does not match the cache, which has 4 rows")]
fn a_different_batch_size_panics() {
    let mut cache = KvCache::new(3);
    cache.append(key_value(1, 1));
    cache.reorder(&row_ids(&[0, 0, 1, 1]));
    cache.append(key_value(1, 2));
}

#[test]
#[should_panic(expected = "cannot truncate 1 positions to 2")]
fn truncating_to_more_than_the_length_panics() {
    let mut cache = KvCache::new(3);
    cache.append(key_value(1, 1));
    cache.truncate(2);
}
