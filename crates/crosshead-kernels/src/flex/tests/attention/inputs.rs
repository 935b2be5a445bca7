//! Edge cases: hidden keys, views, broadcast rows, empty inputs.

use burn::tensor::{Device, Tensor};

use super::{Case, several_blocks};
use crate::flex::testing::{assert_close, normal, value_and_gradients};
use crate::{AttentionOptions, Mode, Reach, attention};

#[test]
fn queries_without_visible_keys_give_zeros_and_no_gradients() {
    let device = Device::flex().autodiff();
    let case = Case {
        bias: [true, true, false, true],
        hidden: 0,
        reach: Reach::default(),
        ..several_blocks()
    };
    let (q, k, v, bias) = case.inputs(&device);
    let (q, k, v) = (q.require_grad(), k.require_grad(), v.require_grad());
    let rows = [0..1, 0..1, 70..90, 0..case.k_len]; // part of one block and of the next
    let bias = bias.unwrap().slice_fill(rows, f32::NEG_INFINITY);
    let out = attention(q.clone(), k.clone(), v.clone(), Some(bias), case.options(), case.mode());
    let gradients = out.clone().sum().backward();
    let zero =
        |x: Tensor<4>| x.narrow(1, 70, 20).into_data().iter::<f32>().all(|value| value == 0.0);
    assert!(zero(out) && zero(q.grad(&gradients).unwrap()));
    for gradient in [k.grad(&gradients), v.grad(&gradients)] {
        assert!(gradient.unwrap().into_data().iter::<f32>().all(f32::is_finite));
    }
}

#[test]
fn hidden_keys_do_not_change_the_output() {
    let case = Case { bias: [false, true, true, true], hidden: 0, ..several_blocks() };
    let run = |padding: f32| {
        let device = Device::flex();
        let (q, k, v, bias) = case.inputs(&device);
        let (before, after) = ([0..2, 0..7, 0..2], [0..2, 300..600, 0..2]);
        let fill = |x: Tensor<4>, features: usize| {
            [before.clone(), after.clone()].into_iter().fold(x, |x, [batch, keys, heads]| {
                x.slice_fill([batch, keys, heads, 0..features], padding)
            })
        };
        let hide =
            |bias: Tensor<4>, keys| bias.slice_fill([0..2, 0..1, 0..1, keys], f32::NEG_INFINITY);
        let bias = hide(hide(bias.unwrap(), 0..7), 300..600);
        let (k, v) = (fill(k, case.d_head), fill(v, case.d_value));
        attention(q, k, v, Some(bias), case.options(), case.mode()).into_data()
    };
    assert!(run(0.0) == run(1e30));
}

#[test]
fn views_need_not_be_contiguous() {
    let device = Device::flex();
    let case = Case { bias: [false, false, true, true], ..several_blocks() };
    let (q, k, v, bias) = case.inputs(&device);
    let run = |q, k, v, bias| attention(q, k, v, bias, case.options(), case.mode()).into_data();
    let expected = run(q.clone(), k.clone(), v.clone(), bias.clone());
    let copied = |x: Tensor<4>| Tensor::<4>::from_data(x.into_data(), &device);
    // A cache with spare capacity, heads before positions, features first, and an order that is reversed twice.
    let in_cache = |x: Tensor<4>| {
        let [batch, _, heads, features] = x.dims();
        let room = Tensor::full([batch, 9, heads, features], f32::NAN, &device);
        let cache = copied(Tensor::cat(vec![room.clone(), x, room], 1));
        cache.narrow(1, 9, case.k_len)
    };
    let heads_first = |x: Tensor<4>| copied(x.swap_dims(1, 2)).swap_dims(1, 2);
    let features_first = |x: Tensor<4>| copied(x.permute([3, 0, 1, 2])).permute([1, 2, 3, 0]);
    let reversed = |x: Tensor<4>| copied(x.flip([1, 3])).flip([1, 3]);
    let bias = bias.unwrap();
    let views: [&dyn Fn(Tensor<4>) -> Tensor<4>; 3] = [&heads_first, &features_first, &reversed];
    for view in views {
        assert!(
            run(view(q.clone()), in_cache(k.clone()), view(v.clone()), Some(view(bias.clone())))
                == expected
        );
        assert!(
            run(view(q.clone()), view(k.clone()), in_cache(v.clone()), Some(bias.clone()))
                == expected
        );
    }
}

#[test]
fn one_row_can_be_expanded_to_a_batch() {
    let device = Device::flex();
    let case = several_blocks();
    let (q, k, v, _) = case.inputs(&device);
    let expand = |x: Tensor<4>| {
        let [_, len, heads, features] = x.dims();
        x.narrow(0, 1, 1).expand([case.batch, len, heads, features])
    };
    let run = |k, v| attention(q.clone(), k, v, None, case.options(), Mode::Eval).into_data();
    let (k, v) = (expand(k), expand(v));
    let copied = |x: &Tensor<4>| Tensor::<4>::from_data(x.to_data(), &device);
    assert!(run(k.clone(), v.clone()) == run(copied(&k), copied(&v)));
}

#[test]
fn one_query_at_a_time_equals_all_queries_in_one_call() {
    let device = Device::flex();
    let case = Case { q_len: 20, k_len: 20, reach: Reach::causal(0), ..several_blocks() };
    let (q, k, v, _) = case.inputs(&device);
    let options = case.options();
    let together = attention(q.clone(), k.clone(), v.clone(), None, options, Mode::Eval);
    for i in 0..case.q_len {
        let seen = |x: &Tensor<4>| x.clone().narrow(1, 0, i + 1);
        let options = AttentionOptions { reach: Reach::causal(i), ..options };
        let alone =
            attention(q.clone().narrow(1, i, 1), seen(&k), seen(&v), None, options, Mode::Eval);
        let expected = together.clone().narrow(1, i, 1);
        assert_close(&[alone.into_data()], &[expected.into_data()], 1e-6);
    }
}

#[test]
fn untracked_operands_get_no_gradient_and_do_not_change_the_others() {
    let case = several_blocks();
    let expected = case.run(attention);
    for tracked in 0..4 {
        let (q, k, v, bias) = case.inputs(&Device::flex().autodiff());
        let mut operands = [q, k, v, bias.unwrap()];
        operands[tracked] = operands[tracked].clone().require_grad();
        let [q, k, v, bias] = operands.clone();
        let y = attention(q, k, v, Some(bias), case.options(), case.mode());
        let [q, k, v, bias] = operands;
        let results = value_and_gradients!(y, [q, k, v, bias]);
        assert!(results == [expected[0].clone(), expected[1 + tracked].clone()]);
    }
}

#[test]
fn devices_without_autodiff_give_the_same_output() {
    let case = several_blocks();
    let (q, k, v, bias) = case.inputs(&Device::flex());
    let out = attention(q, k, v, bias, case.options(), case.mode());
    assert!(out.into_data() == case.run(attention)[0]);
}

#[test]
fn nothing_to_attend_to_gives_zeros() {
    let device = Device::flex();
    let options = several_blocks().options();
    for (batch, q_len, k_len) in [(0, 3, 3), (2, 0, 3), (2, 3, 0)] {
        let [q, k, v] = [(q_len, 8), (k_len, 8), (k_len, 5)]
            .map(|(len, features)| normal(1, [batch, len, 4, features], &device));
        let out = attention(q, k, v, None, options, Mode::Eval);
        assert_eq!(out.dims(), [batch, q_len, 4, 5]);
        assert!(out.into_data().iter::<f32>().all(|value| value == 0.0));
    }
}

#[test]
fn nan_in_a_query_propagates_to_the_output() {
    let case = Case { dropout: 0.0, bias: [false; 4], ..several_blocks() };
    let (q, k, v, _) = case.inputs(&Device::flex());
    let q = q.slice_fill([0..1, 3..4, 1..2, 0..1], f32::NAN);
    let out = attention(q, k, v, None, case.options(), Mode::Eval);
    let row = out.slice([0..1, 3..4, 1..2, 0..case.d_value]);
    assert!(row.into_data().iter::<f32>().all(f32::is_nan));
}
