//! The fused body agrees with the plain one, with its own weights, slopes and any number of threads.

use burn::tensor::{Device, Tensor};
use proptest::prelude::*;

use super::{Body, Case, cases, several_blocks};
use crate::args::dropout::DropoutMask;
use crate::flex::testing::{assert_close, assert_same_for_any_number_of_threads, normal};
use crate::ops::attention::{self as operation, attention, attention_weights};
use crate::{AttentionOptions, Mode, Reach};

fn plain(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    bias: Option<Tensor<4>>,
    options: AttentionOptions,
    mode: Mode,
) -> Tensor<4> {
    operation::plain(q, k, v, bias, options, DropoutMask::active(options.dropout, mode))
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

/// Central differences in f32 are good to about 1e-2 here.
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
    let gradients = case.run(attention);
    let device = Device::flex();
    let (q, k, v, bias) = case.inputs(&device);
    let operands = [q, k, v, bias.unwrap()];
    let cotangent = normal::<4>(99, [1, case.q_len, case.n_heads(), case.d_value], &device);
    let objective = |[q, k, v, bias]: [Tensor<4>; 4]| {
        let y = attention(q, k, v, Some(bias), case.options(), case.mode());
        (y * cotangent.clone()).sum().into_scalar::<f32>()
    };
    for (operand, gradient) in gradients[1..].iter().enumerate() {
        for (i, slope) in gradient.iter::<f32>().enumerate() {
            let at = |delta: f32| {
                let mut moved = operands.clone();
                let mut data = moved[operand].to_data();
                data.as_mut_slice::<f32>().unwrap()[i] += delta;
                moved[operand] = Tensor::from_data(data, &device);
                objective(moved)
            };
            let difference = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!(
                (difference - slope).abs() < 1e-2,
                "operand {operand}, {i}: {difference} {slope}"
            );
        }
    }
}
