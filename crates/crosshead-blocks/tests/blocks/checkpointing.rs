//! Checkpointed layers run their forward pass twice and give the same results.
//!
//! Results are bit-identical, except for the gradients of tensors that several layers read: a memory and a relative
//! position bias. A plain stack and a checkpointed one add the same terms in a different order. A sum of m terms, in
//! any order, has an error of at most (m − 1)·ε/2 times the sum of their magnitudes, to first order (Higham 2002,
//! section 4.2), so two orders differ by at most twice that.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_attention::{AttentionMask, KeyValue};
use crosshead_blocks::{Memory, Mode};
use crosshead_position::PositionBias;
use crosshead_testkit::{gradients_by_path, random};
use proptest::prelude::*;

use crate::random::{Shape, loss, shapes, training, with_dropout};

/// An output, the gradient of `x` and the gradients of the parameters.
struct Outcome {
    y: TensorData,
    x: TensorData,
    parameters: BTreeMap<String, TensorData>,
}

impl Outcome {
    fn new<M: Module>(module: &M, x: &Tensor<3>, y: Tensor<3>) -> Self {
        let gradients = loss(y.clone()).backward();
        let x = x.grad(&gradients).unwrap().into_data();
        Self { y: y.into_data(), x, parameters: gradients_by_path(module, &gradients) }
    }

    /// Takes out the gradient of the relative position bias, if there is one.
    fn take_position_bias(&mut self) -> Option<TensorData> {
        let path = self.parameters.keys().find(|path| path.contains("position_bias")).cloned()?;
        self.parameters.remove(&path)
    }

    #[track_caller]
    fn assert_bit_identical(&self, expected: &Self) {
        assert!(self.y == expected.y, "outputs differ");
        assert!(self.x == expected.x, "gradients of x differ");
        assert!(self.parameters.keys().eq(expected.parameters.keys()));
        for (path, gradient) in &self.parameters {
            assert!(*gradient == expected.parameters[path], "gradients of {path} differ");
        }
    }
}

/// Asserts that two sums of `n_terms` terms differ by no more than rounding, given the sums of the magnitudes.
#[track_caller]
fn assert_same_terms(a: &TensorData, b: &TensorData, magnitudes: &TensorData, n_terms: usize) {
    assert_eq!(a.shape(), magnitudes.shape());
    for ((a, b), magnitude) in a.iter::<f32>().zip(b.iter::<f32>()).zip(magnitudes.iter::<f32>()) {
        let bound = n_terms as f32 * f32::EPSILON * magnitude;
        assert!((a - b).abs() <= bound, "{a} and {b} differ by more than {bound}");
    }
}

fn input(shape: Shape, seed: u64, device: &Device) -> Tensor<3> {
    random([shape.batch, shape.seq, shape.d_model()], seed, device)
}

fn padding(shape: Shape, device: &Device) -> AttentionMask {
    AttentionMask::key_lengths(&shape.lengths(shape.seq), shape.seq, device)
}

/// Σ |term| of the gradient of the relative bias, whose terms are the gradients of the scores of every layer and batch
/// row.
fn bias_magnitudes(shape: Shape, device: &Device) -> TensorData {
    let encoder = shape.encoder_with(with_dropout(shape.config()), device);
    let Some(PositionBias::Relative(bias)) = &encoder.position_bias else {
        panic!("an encoder with a relative bias")
    };
    let scores = bias.forward(0, shape.seq, shape.seq).inner(); // [1, n_heads, seq, seq]
    let [_, n_heads, q_len, k_len] = scores.dims();
    let scores = scores.expand([shape.batch, n_heads, q_len, k_len]);
    let copies: Vec<Tensor<4>> =
        encoder.layers.iter().map(|_| Tensor::from_inner(scores.clone()).require_grad()).collect();
    let mask = shape
        .window()
        .map_or(padding(shape, device), |window| padding(shape, device).with_window(window));
    let layers = encoder.layers.iter().zip(&copies).enumerate();
    let y = layers.fold(input(shape, 7, device), |x, (index, (layer, copy))| {
        layer.forward(x, &mask.clone().with_bias(copy.clone()), training(3).index(index))
    });
    let y = encoder.final_norm.as_ref().map_or(y.clone(), |norm| norm.forward(y));
    let gradients = loss(y).backward();
    let terms = copies.iter().map(|copy| copy.grad(&gradients).unwrap().abs().sum_dim(0));
    let terms =
        terms.fold(Tensor::zeros([1, n_heads, q_len, k_len], &Device::flex()), |a, b| a + b);
    let sums = (bias.forward(0, q_len, k_len) * Tensor::from_inner(terms)).sum().backward();
    bias.weight.grad(&sums).unwrap().into_data()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn checkpointed_encoders_are_bit_identical(shape in shapes()) {
        let device = Device::flex().autodiff();
        let run = |checkpointing| {
            let config = with_dropout(shape.config()).with_layer_drop(0.2);
            let encoder = shape.encoder_with(config.with_checkpointing(checkpointing), &device);
            let x = input(shape, 7, &device).require_grad();
            let y = encoder.forward(x.clone(), &padding(shape, &device), training(3));
            Outcome::new(&encoder, &x, y)
        };
        let (mut plain, mut checkpointed) = (run(false), run(true));
        let biases = (plain.take_position_bias(), checkpointed.take_position_bias());
        prop_assert_eq!(biases.0.is_some(), biases.1.is_some());
        checkpointed.assert_bit_identical(&plain);
    }

    #[test]
    fn checkpointed_decoders_are_bit_identical(shape in shapes()) {
        let device = Device::flex().autodiff();
        let run = |checkpointing| {
            let config = with_dropout(shape.config()).with_layer_drop(0.2);
            let decoder = shape.decoder_with(config.with_checkpointing(checkpointing), &device);
            let memory = Memory { states: input(shape, 8, &device), mask: padding(shape, &device) };
            let x = input(shape, 7, &device).require_grad();
            let y = decoder.forward(x.clone(), AttentionMask::none(), Some(&memory), training(4));
            Outcome::new(&decoder, &x, y)
        };
        run(true).assert_bit_identical(&run(false));
    }

    #[test]
    fn checkpointing_changes_the_gradient_of_a_relative_bias_only_by_rounding(shape in shapes()) {
        let (shape, device) = (shape.with_relative_bias(), Device::flex().autodiff());
        let gradient = |checkpointing| {
            let config = with_dropout(shape.config()).with_checkpointing(checkpointing);
            let encoder = shape.encoder_with(config, &device);
            let x = input(shape, 7, &device).require_grad();
            let y = encoder.forward(x.clone(), &padding(shape, &device), training(3));
            let n_terms = encoder.layers.len() * shape.batch * shape.seq * shape.seq;
            (Outcome::new(&encoder, &x, y).take_position_bias().unwrap(), n_terms)
        };
        let ((plain, n_terms), (checkpointed, _)) = (gradient(false), gradient(true));
        assert_same_terms(&checkpointed, &plain, &bias_magnitudes(shape, &device), n_terms);
    }

    #[test]
    fn checkpointing_changes_the_gradient_of_a_memory_only_by_rounding(shape in shapes()) {
        let (shape, device) = (shape.without_positions(), Device::flex().autodiff());
        let states = || input(shape, 8, &device).require_grad();
        let x = input(shape, 7, &device);
        let decoder = |checkpointing| {
            shape.decoder_with(with_dropout(shape.config()).with_checkpointing(checkpointing), &device)
        };
        let gradient = |checkpointing| {
            let memory = Memory { states: states(), mask: padding(shape, &device) };
            let none = AttentionMask::none();
            let y = decoder(checkpointing).forward(x.clone(), none, Some(&memory), training(4));
            memory.states.grad(&loss(y).backward()).unwrap().into_data()
        };

        // The terms, one by one: the key and the value projection of every layer read separate copies of the memory.
        let plain = decoder(false);
        let copies: Vec<_> = plain.layers.iter().map(|_| [states(), states()]).collect();
        let (causal, mask) = (AttentionMask::causal(), padding(shape, &device));
        let layers = plain.layers.iter().zip(&copies).enumerate();
        let y = layers.fold(x.clone(), |x, (index, (layer, copies))| {
            let attention = layer.cross_attn.as_ref().unwrap();
            let [key, value] = copies.clone().map(|states| attention.project_key_value(states, Mode::Eval));
            let memory = KeyValue { key: key.key, value: value.value };
            layer.forward(x, &causal, Some((memory, &mask)), None, training(4).index(index))
        });
        let y = plain.final_norm.as_ref().map_or(y.clone(), |norm| norm.forward(y));
        let gradients = loss(y).backward();
        let terms: Vec<_> =
            copies.iter().flatten().map(|copy| copy.grad(&gradients).unwrap().abs()).collect();
        let n_terms = terms.len();
        let magnitudes = terms.into_iter().reduce(|a, b| a + b).unwrap().into_data();
        assert_same_terms(&gradient(true), &gradient(false), &magnitudes, n_terms);
    }
}
