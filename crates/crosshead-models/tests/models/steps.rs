//! Decoding step by step.

use burn::tensor::{Device, Int, Tensor, TensorData};
use crosshead_generate::StepModel;
use crosshead_kernels::Mode;
use crosshead_models::{DecoderSteps, EncoderDecoder, Memory};
use crosshead_testkit::{
    Sequence, cached_steps_equal_the_full_pass, reordered_steps_equal_the_full_pass,
};
use proptest::prelude::*;

use crate::tiny::{Batch, TOLERANCE, host_ids, model, norm_orders, sentences};

/// The logits behind every position of the decoder's input.
fn full(model: &EncoderDecoder, memory: &Memory, ids: Tensor<2, Int>) -> Tensor<3> {
    let [batch, len] = ids.dims();
    let input = Batch::of_tensor(&ids, &vec![len; batch]);
    model.logits(model.decode(input.tokens(), memory, Mode::Eval))
}

/// The logits behind each of the given positions, which are fed one by one.
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
    fn the_logits_of_steps_are_those_of_the_full_pass(
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
    fn reordered_rows_go_on_with_their_own_words_and_source(
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
}
