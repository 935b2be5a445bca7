//! Incremental decoding.

use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_generate::{Rollback, StepModel};
use crosshead_kernels::Mode;
use crosshead_models::{DecoderSteps, EncoderDecoder, Memory};
use crosshead_testkit::{
    Sequence, assert_close, cached_steps_equal_the_full_pass, reordered_steps_equal_the_full_pass,
};
use proptest::prelude::*;

use crate::tiny::{Batch, TOLERANCE, host_ids, model, norm_orders, sentences};

/// The logits after every position of the decoder's input.
fn full(model: &EncoderDecoder, memory: &Memory, ids: Tensor<2, Int>) -> Tensor<3> {
    let [batch, len] = ids.dims();
    let input = Batch::of_tensor(&ids, &vec![len; batch]);
    model.logits(model.decode(input.tokens(), memory, Mode::Eval))
}

/// The logits after each position, in single steps.
fn feed(steps: &mut DecoderSteps<'_>, ids: Tensor<2, Int>) -> Tensor<3> {
    let [batch, len] = ids.dims();
    let logits = (0..len).map(|position| {
        let logits = steps.step(&host_ids(&ids.positions(position..position + 1)));
        let data = TensorData::new(logits, [batch, 1, steps.vocab_size()]);
        Tensor::<3>::from_data(data, &Device::flex())
    });
    Tensor::cat(logits.collect(), 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn steps_equal_the_full_pass(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let model = model(order);
        let memory = model.encode(Batch::of(&source).tokens(), Mode::Eval);
        let ids = Batch::decoder_input(&target).tensor();
        cached_steps_equal_the_full_pass(
            |ids| full(&model, &memory, ids),
            || DecoderSteps::new(&model, memory.clone(), ids.dims()[1]),
            feed,
            ids.clone(),
            TOLERANCE,
        )
        .unwrap();
    }

    #[test]
    fn step_many_equals_the_full_pass(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let model = model(order);
        let memory = model.encode(Batch::of(&source).tokens(), Mode::Eval);
        let ids = Batch::decoder_input(&target).tensor();
        let [batch, len] = ids.dims();
        let expected = full(&model, &memory, ids.clone());
        let mut steps = DecoderSteps::new(&model, memory, len);
        // The first token, then all others in one call.
        let mut logits = vec![feed(&mut steps, ids.clone().positions(0..1))];
        if len > 1 {
            let rest = steps.step_many(&host_ids(&ids.positions(1..len)), len - 1);
            let rest = TensorData::new(rest, [batch, len - 1, steps.vocab_size()]);
            logits.push(Tensor::from_data(rest, &Device::flex()));
        }
        assert_close(&Tensor::cat(logits, 1), &expected, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn a_step_after_rollback_equals_one_without_the_discarded_tokens(
        order in norm_orders(), source in sentences(), drafts in prop::collection::vec(0..5u32, 9),
    ) {
        let model = model(order);
        let memory = model.encode(Batch::of(&source).tokens(), Mode::Eval);
        let [mut rolled_back, mut plain] =
            [(); 2].map(|()| DecoderSteps::new(&model, memory.clone(), 5));
        rolled_back.step(&[1, 2, 3]);
        plain.step(&[1, 2, 3]);
        rolled_back.step_many(&drafts, 3);
        rolled_back.rollback(3);
        prop_assert_eq!(rolled_back.step(&[3, 1, 2]), plain.step(&[3, 1, 2]));
    }

    #[test]
    fn reordered_rows_keep_their_tokens_and_source(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let model = model(order);
        let memory = model.encode(Batch::of(&source).tokens(), Mode::Eval);
        let ids = Batch::decoder_input(&target).tensor();
        reordered_steps_equal_the_full_pass(
            |ids| full(&model, &memory, ids),
            || DecoderSteps::new(&model, memory.clone(), ids.dims()[1]),
            feed,
            |steps, rows| steps.reorder(rows),
            ids.clone(),
            TOLERANCE,
        )
        .unwrap();
    }

    #[test]
    fn hypotheses_of_the_same_source_can_be_swapped(
        order in norm_orders(), source in sentences(), firsts in sentences(), seconds in sentences(),
    ) {
        let model = model(order);
        let twice: Vec<Vec<u32>> = source.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
        let ids = two_hypotheses_each(&firsts, &seconds);
        let memory = model.encode(Batch::of(&twice).tokens(), Mode::Eval);
        let expected = full(&model, &memory, ids.clone());
        let memory = model.encode(Batch::of(&source).tokens(), Mode::Eval);
        let mut steps = DecoderSteps::new(&model, memory, ids.dims()[1]);
        steps.reorder(&[0, 0, 1, 1, 2, 2]);
        let (straight, swapped) = ([0, 1, 2, 3, 4, 5], [1, 0, 3, 2, 5, 4]);
        for position in 0..ids.dims()[1] {
            let rows = if position % 2 == 0 { straight } else { swapped };
            let range = position..position + 1;
            let actual = feed(&mut steps, ids.rows(&rows).positions(range.clone()));
            let expected = expected.rows(&rows).positions(range);
            assert_close(&actual, &expected, TOLERANCE, TOLERANCE);
            steps.reorder(&swapped);
        }
    }
}

/// The decoder inputs of two hypotheses for every source, interleaved and truncated to the same length.
fn two_hypotheses_each(firsts: &[Vec<u32>], seconds: &[Vec<u32>]) -> Tensor<2, Int> {
    let [firsts, seconds] = [firsts, seconds].map(|targets| Batch::decoder_input(targets).tensor());
    let len = firsts.dims()[1].min(seconds.dims()[1]);
    let rows = (0..firsts.dims()[0])
        .flat_map(|row| [&firsts, &seconds].map(|batch| batch.rows(&[row]).positions(0..len)));
    Tensor::cat(rows.collect(), 0)
}
