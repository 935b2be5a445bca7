use burn::tensor::{Device, Tensor, TensorData};
use crosshead_testkit::gradients_agree_with_finite_differences;
use proptest::prelude::*;

use crate::attention::{attention, attention_weights, plain};
use crate::flex::testing::{
    assert_close, assert_same_for_any_number_of_threads, normal, value_and_gradients,
};
use crate::{AttentionOptions, Mode, RandomKey, Reach};

type Body =
    fn(Tensor<4>, Tensor<4>, Tensor<4>, Option<Tensor<4>>, AttentionOptions, Mode) -> Tensor<4>;

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    q_len: usize,
    k_len: usize,
    n_kv_heads: usize,
    group: usize,
    d_head: usize,
    d_value: usize,
    /// Which dimensions of the bias are broadcast; the fourth says whether there is a bias.
    bias: [bool; 4],
    /// One score in this many is hidden by the bias; 0 for none.
    hidden: usize,
    reach: Reach,
    soft_cap: Option<f32>,
    dropout: f32,
}

impl Case {
    /// Heads as they come from a projection: slices of rows.
    fn heads(&self, seed: u64, shape: [usize; 4], device: &Device) -> Tensor<4> {
        let [batch, len, heads, features] = shape;
        normal::<2>(seed, [batch * len, heads * features], device).reshape(shape)
    }

    fn n_heads(&self) -> usize {
        self.n_kv_heads * self.group
    }

    fn inputs(&self, device: &Device) -> (Tensor<4>, Tensor<4>, Tensor<4>, Option<Tensor<4>>) {
        let Self { batch, q_len, k_len, n_kv_heads, d_head, d_value, .. } = *self;
        let q = self.heads(1, [batch, q_len, self.n_heads(), d_head], device);
        let k = self.heads(2, [batch, k_len, n_kv_heads, d_head], device);
        let v = self.heads(3, [batch, k_len, n_kv_heads, d_value], device);
        (q, k, v, self.bias[3].then(|| self.bias(device)))
    }

    fn bias(&self, device: &Device) -> Tensor<4> {
        let full = [self.batch, self.n_heads(), self.q_len];
        let size = |axis: usize| if self.bias[axis] { 1 } else { full[axis] };
        let shape = [size(0), size(1), size(2), self.k_len];
        let key = RandomKey::new(4);
        let n = shape.iter().product();
        let values: Vec<f32> = key
            .normal(n)
            .into_iter()
            .zip(key.stream("hidden").take(n))
            .map(|(value, word)| match self.hidden {
                0 => value,
                every if (word as usize).is_multiple_of(every) => f32::NEG_INFINITY,
                _ => value,
            })
            .collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn options(&self) -> AttentionOptions {
        let scale = 1.0 / (self.d_head as f32).sqrt();
        AttentionOptions {
            scale,
            reach: self.reach,
            soft_cap: self.soft_cap,
            dropout: self.dropout,
        }
    }

    fn mode(&self) -> Mode {
        Mode::Train(RandomKey::new(5).stream("attention").at_step(2))
    }

    /// The output and the gradients of q, k, v and the bias.
    fn run(&self, body: Body) -> Vec<TensorData> {
        let (q, k, v, bias) = self.inputs(&Device::flex().autodiff());
        let (q, k, v) = (q.require_grad(), k.require_grad(), v.require_grad());
        let bias = bias.map(Tensor::require_grad);
        let y = body(q.clone(), k.clone(), v.clone(), bias.clone(), self.options(), self.mode());
        match bias {
            Some(bias) => value_and_gradients!(y, [q, k, v, bias]),
            None => value_and_gradients!(y, [q, k, v]),
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1..4usize, 1..20usize, 1..20usize, 1..3usize, 1..3usize, 1..20usize, 1..20usize);
    let window = prop::option::of(1..8usize);
    let reach = (0..4usize, any::<bool>(), window).prop_map(|(offset, causal, window)| Reach {
        offset,
        causal,
        window,
    });
    let dropout = prop_oneof![Just(0.0f32), Just(0.3)];
    (sizes, any::<[bool; 4]>(), 0..5usize, reach, dropout).prop_map(
        |(
            (batch, q_len, k_len, n_kv_heads, group, d_head, d_value),
            bias,
            hidden,
            reach,
            dropout,
        )| Case {
            batch,
            q_len,
            k_len,
            n_kv_heads,
            group,
            d_head,
            d_value,
            bias,
            hidden,
            reach,
            soft_cap: None,
            dropout,
        },
    )
}

/// More queries and keys than a block has.
fn several_blocks() -> Case {
    Case {
        batch: 2,
        q_len: 150,
        k_len: 600,
        n_kv_heads: 2,
        group: 2,
        d_head: 24,
        d_value: 16,
        bias: [true, false, false, true],
        hidden: 3,
        reach: Reach::causal(400),
        soft_cap: None,
        dropout: 0.2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn fused_equals_plain(case in cases()) {
        assert_close(&case.run(attention), &case.run(plain), 1e-5);
    }
}

#[test]
fn fused_equals_plain_over_several_blocks() {
    for bias in [[true, true, true, true], [true, false, false, true], [false; 4]] {
        let case = Case { bias, ..several_blocks() };
        assert_close(&case.run(attention), &case.run(plain), 1e-5);
    }
}

#[test]
fn windows_reach_as_far_over_several_blocks_as_in_the_plain_body() {
    for causal in [true, false] {
        for window in [1, 70, 300] {
            let reach = Reach { offset: 400, causal, window: Some(window) };
            let case = Case { reach, ..several_blocks() };
            assert_close(&case.run(attention), &case.run(plain), 1e-5);
        }
    }
}

#[test]
fn bounded_scores_equal_the_plain_body() {
    for q_len in [1, 150] {
        let case = Case { q_len, soft_cap: Some(0.7), ..several_blocks() };
        let run = |body: Body| {
            let (q, k, v, bias) = case.inputs(&Device::flex());
            body(q, k, v, bias, case.options(), Mode::Eval).into_data()
        };
        assert_close(&[run(attention)], &[run(plain)], 1e-5);
        assert_close(&case.run(attention), &case.run(plain), 1e-5);
    }
}

#[test]
fn the_weights_of_the_values_are_the_weights() {
    let case = Case { dropout: 0.0, hidden: 3, ..several_blocks() };
    let (q, k, v, bias) = case.inputs(&Device::flex());
    let weights = attention_weights(q.clone(), k.clone(), bias.clone(), case.options());
    let out = attention(q, k, v.clone(), bias, case.options(), Mode::Eval);
    let v = v.swap_dims(1, 2).unsqueeze_dim::<5>(2).repeat_dim(2, case.group);
    let v = v.reshape([case.batch, case.n_heads(), case.k_len, case.d_value]);
    let expected = weights.matmul(v).swap_dims(1, 2);
    assert_close(&[out.into_data()], &[expected.into_data()], 1e-5);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    assert_same_for_any_number_of_threads(|| several_blocks().run(attention));
}

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
fn hidden_keys_do_not_matter() {
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
    // A cache with room for more keys, heads before positions, features before all, and a reversed order twice.
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
fn one_row_can_serve_a_whole_batch() {
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
fn one_query_at_a_time_gives_what_all_give_together() {
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
fn untracked_operands_get_no_gradient_and_change_no_other() {
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
fn a_value_that_is_not_a_number_shows() {
    let case = Case { dropout: 0.0, bias: [false; 4], ..several_blocks() };
    let (q, k, v, _) = case.inputs(&Device::flex());
    let q = q.slice_fill([0..1, 3..4, 1..2, 0..1], f32::NAN);
    let out = attention(q, k, v, None, case.options(), Mode::Eval);
    let row = out.slice([0..1, 3..4, 1..2, 0..case.d_value]);
    assert!(row.into_data().iter::<f32>().all(f32::is_nan));
}

#[test]
fn gradients_are_the_slopes_of_the_output() {
    let case = Case {
        batch: 1,
        q_len: 3,
        k_len: 4,
        d_head: 2,
        d_value: 2,
        bias: [true, false, true, true],
        hidden: 0,
        reach: Reach::causal(1),
        ..several_blocks()
    };
    let (q, k, v, bias) = case.inputs(&Device::flex());
    let operands = [q, k, v, bias.unwrap()];
    for (operand, x) in operands.iter().enumerate() {
        let of_one = |x: Tensor<4>| {
            let mut moved = operands.clone();
            moved[operand] = x;
            let [q, k, v, bias] = moved;
            attention(q, k, v, Some(bias), case.options(), case.mode())
        };
        gradients_agree_with_finite_differences(of_one, x, 2e-3)
            .unwrap_or_else(|error| panic!("operand {operand}: {error}"));
    }
}
