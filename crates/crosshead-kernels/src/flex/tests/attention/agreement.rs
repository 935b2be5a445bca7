//! Agreement with the plain implementation, the attention weights and finite differences, for any number of threads.

use burn::tensor::{Device, Tensor};
use crosshead_testkit::gradients_agree_with_finite_differences;
use proptest::prelude::*;

use super::{Body, Case, cases, several_blocks};
use crate::args::dropout::DropoutMask;
use crate::flex::testing::{assert_close, assert_same_for_any_number_of_threads};
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
fn windows_over_several_blocks_equal_the_plain_implementation() {
    for causal in [true, false] {
        for window in [1, 70, 300] {
            let reach = Reach { offset: 400, causal, window: Some(window) };
            let case = Case { reach, ..several_blocks() };
            assert_close(&case.run(attention), &case.run(plain), 1e-5);
        }
    }
}

#[test]
fn a_soft_cap_equals_the_plain_implementation() {
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
fn attention_weights_times_values_equal_the_output() {
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
fn gradients_agree_with_finite_differences_for_every_operand() {
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
