//! Gradients of the loss.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::{LabelSmoothing, Mode, RandomKey};
use crosshead_models::EncoderDecoder;
use crosshead_testkit::{
    a_gradient_reaches_every_parameter, assert_close, gradients_agree_with_finite_differences,
    gradients_by_path,
};
use crosshead_weights::parameters;
use proptest::prelude::*;

use crate::tiny::{Batch, PAD_ID, config, model_of, norm_orders, sentences};

const SMOOTHING: LabelSmoothing = LabelSmoothing::AllClasses(0.1);

/// The loss for translating `source` into `target`, with dropout if the model has any.
fn loss(model: &EncoderDecoder, source: &[Vec<u32>], target: &[Vec<u32>]) -> Tensor<1> {
    let (input, labels) = (Batch::decoder_input(target), Batch::of(target));
    let mode = Mode::Train(RandomKey::new(3));
    model.loss(Batch::of(source).tokens(), input.tokens(), &labels.ids, SMOOTHING, mode)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_gradient_reaches_every_parameter_except_the_bias_of_the_logits(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let model = config(order).init(1, &Device::flex().autodiff());
        let loss = || loss(&model, &source, &target);
        a_gradient_reaches_every_parameter(&model, &loss()).unwrap();
        let gradients = gradients_by_path(&model, &loss().backward());
        prop_assert!(gradients.contains_key("embedding"));
        prop_assert!(!gradients.contains_key("logits_bias"));
    }

    #[test]
    fn freezing_removes_gradients_and_does_not_change_the_others(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let model = config(order).init(1, &Device::flex().autodiff());
        let is_frozen = |path: &str| path == "embedding" || path.contains("self_attn.");
        let frozen = parameters::freeze(model.clone(), is_frozen);
        let gradients = |model: &EncoderDecoder| {
            gradients_by_path(model, &loss(model, &source, &target).backward())
        };
        let (mut expected, found) = (gradients(&model), gradients(&frozen));
        expected.retain(|path, _| !is_frozen(path));
        prop_assert_eq!(expected, found);
    }

    #[test]
    fn every_embedding_except_padding_gets_a_gradient(
        order in norm_orders(), source in sentences(), target in sentences(),
    ) {
        let model = config(order).init(1, &Device::flex().autodiff());
        let gradients = gradients_by_path(&model, &loss(&model, &source, &target).backward());
        let gradient = Tensor::<2>::from_data(gradients["embedding"].clone(), &Device::flex());
        for (id, row) in gradient.iter_dim(0).enumerate() {
            let norm = row.abs().sum().into_scalar::<f32>();
            // Every class is part of the softmax.
            prop_assert_eq!(norm == 0.0, id == PAD_ID as usize, "id {} has norm {}", id, norm);
        }
    }

    #[test]
    fn the_gradient_of_the_tied_embedding_agrees_with_finite_differences(
        order in norm_orders(), source in sentences(), target in sentences(), drop: bool,
    ) {
        let mut config = config(order);
        if drop {
            let stack = &mut config.stack;
            (stack.dropout, stack.attention_dropout, stack.activation_dropout) = (0.2, 0.2, 0.2);
        }
        let model = model_of(config);
        let embedding = model.embedding.val();
        // The last row, which is the row for padding, gets no gradient by design.
        let [vocab_size, _] = embedding.dims();
        let (tokens, padding) = (
            embedding.clone().narrow(0, 0, vocab_size - 1),
            embedding.narrow(0, vocab_size - 1, 1),
        );
        let f = |tokens: Tensor<2>| {
            let mut model = model.clone();
            let embedding = Tensor::cat(vec![tokens, padding.clone()], 0);
            model.embedding = Param::initialized(model.embedding.id, embedding);
            loss(&model, &source, &target)
        };
        gradients_agree_with_finite_differences(f, &tokens, 2e-3).unwrap();
    }
}

#[test]
fn the_gradient_of_a_batch_is_the_sum_over_its_sentences() {
    let model = config(Default::default()).init(1, &Device::flex().autodiff());
    let (source, target) = ([vec![3, 4, 0], vec![5, 0]], [vec![6, 0], vec![7, 8, 9, 0]]);
    let of = |rows: std::ops::Range<usize>| {
        gradients_by_path(&model, &loss(&model, &source[rows.clone()], &target[rows]).backward())
    };
    let (batched, first, second) = (of(0..2), of(0..1), of(1..2));
    for (path, gradient) in batched {
        let flat = |data: &TensorData| {
            let values: Vec<f32> = data.iter::<f32>().collect();
            Tensor::<1>::from_floats(&*values, &Device::flex())
        };
        let sum = flat(&first[&path]) + flat(&second[&path]);
        assert_close(&flat(&gradient), &sum, 1e-4, 1e-5);
    }
}
