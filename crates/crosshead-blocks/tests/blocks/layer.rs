//! The norm orders and sub-layers of a layer.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use crosshead_attention::AttentionMask;
use crosshead_blocks::{EncoderLayer, LayerConfig, Norm, NormKind, NormOrder};
use crosshead_kernels::Mode;
use crosshead_testkit::{
    assert_close, check_close, map_parameters, random, training_is_a_pure_function_of_the_key,
};
use proptest::prelude::*;

use burn::tensor::Device;

use crate::random::{TOLERANCE, shapes, training, with_noise};

/// The module with the last projection of every sub-layer set to zero, so that only residuals and norms remain.
fn without_sub_layers<M: Module>(module: M) -> M {
    map_parameters(module, |path, data| {
        if path.contains("out_proj") || path.contains("down") {
            TensorData::zeros::<f32, _>(data.shape().clone())
        } else {
            data
        }
    })
}

/// One encoder layer at inference, without a mask.
fn run(layer: &EncoderLayer, x: Tensor<3>) -> Tensor<3> {
    layer.forward(x, &AttentionMask::none(), Mode::Eval)
}

/// Mean and mean square of each position's features.
fn moments(y: Tensor<3>) -> (Tensor<3>, Tensor<3>) {
    (y.clone().mean_dim(2), y.square().mean_dim(2))
}

fn ones(x: &Tensor<3>) -> Tensor<3> {
    x.ones_like()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_pre_norm_layer_adds_to_its_input(shape in shapes()) {
        let config = shape.config().with_norm_order(NormOrder::Pre);
        let layer = without_sub_layers(with_noise(config.init_encoder_layer(&Device::flex()), 1));
        assert_close(&run(&layer, shape.x()), &shape.x(), 0.0, 0.0);
    }

    #[test]
    fn a_post_norm_layer_ends_with_its_norm(shape in shapes()) {
        let config = shape.config().with_norm(NormKind::Layer).with_norm_order(NormOrder::Post);
        let mut layer = with_noise(config.init_encoder_layer(&Device::flex()), 1);
        let norm = layer.feed_forward_norm.clone();
        layer.feed_forward_norm = config.init_encoder_layer(&Device::flex()).feed_forward_norm;
        let normalized = run(&layer, shape.x());
        let (mean, mean_square) = moments(normalized.clone());
        assert_close(&mean, &mean.zeros_like(), 0.0, TOLERANCE);
        // ε = 1e-5 slightly reduces the variance.
        assert_close(&mean_square, &ones(&mean_square), 2e-2, 0.0);
        layer.feed_forward_norm = norm.clone();
        let Some(Norm::Layer(norm)) = norm else { panic!("a post-norm layer has layer norms") };
        let scaled = normalized * norm.weight.val().unsqueeze() + norm.bias.val().unsqueeze();
        assert_close(&run(&layer, shape.x()), &scaled, TOLERANCE, TOLERANCE);
    }

    #[test]
    fn the_feed_forward_sub_layer_is_position_wise(shape in shapes()) {
        let layer = shape.config().init_encoder_layer(&Device::flex());
        let x = shape.x();
        let full = layer.feed_forward.forward(x.clone(), Mode::Eval);
        let one = layer.feed_forward.forward(x.narrow(1, 2, 1), Mode::Eval);
        assert_close(&one, &full.narrow(1, 2, 1), TOLERANCE, TOLERANCE);
    }

    #[test]
    fn each_dropout_is_independent(shape in shapes(), which in 0..3_usize) {
        let with: fn(LayerConfig, f32) -> LayerConfig = [
            LayerConfig::with_dropout,
            LayerConfig::with_attention_dropout,
            LayerConfig::with_activation_dropout,
        ][which];
        let layer = with(shape.config(), 0.5).init_encoder_layer(&Device::flex());
        let mask = AttentionMask::none();
        let train = |x, seed| layer.forward(x, &mask, training(seed));
        training_is_a_pure_function_of_the_key(train, |x| run(&layer, x), &shape.x()).unwrap();
    }
}

#[test]
fn a_stack_runs_its_layers_in_order_with_different_dropout() {
    let device = Device::flex();
    let config = LayerConfig::new(8, 2, 16).with_dropout(0.5);
    let encoder = config.init_encoder(2, &device);
    let x = random([2, 3, 8], 1, &device);
    let mask = AttentionMask::none();
    let in_turn =
        |indices: [usize; 2]| {
            encoder.layers.iter().zip(indices).fold(x.clone(), |x, (layer, index)| {
                layer.forward(x, &mask, training(1).index(index))
            })
        };
    let stack = encoder.forward(x.clone(), &mask, training(1));
    assert_close(&stack, &in_turn([0, 1]), 0.0, 0.0);
    assert!(check_close(&stack, &in_turn([0, 0]), 1e-3, 1e-3).is_err());
}

#[test]
fn layers_are_skipped_only_in_training_depending_on_the_key() {
    let device = Device::flex();
    let config = LayerConfig::new(8, 2, 16).with_layer_drop(0.5);
    let encoder = config.init_encoder(2, &device);
    let x = random([2, 3, 8], 1, &device);
    let mask = AttentionMask::none();
    let run = |mode| encoder.forward(x.clone(), &mask, mode);
    let all = encoder.layers.iter().fold(x.clone(), |x, layer| layer.forward(x, &mask, Mode::Eval));
    assert_close(&run(Mode::Eval), &all, 0.0, 0.0);
    let outputs: Vec<_> = (0..32).map(|seed| run(training(seed))).collect();
    assert_close(&outputs[7], &run(training(7)), 0.0, 0.0);
    let unchanged = outputs.iter().filter(|y| check_close(y, &x, 0.0, 0.0).is_ok()).count();
    let complete = outputs.iter().filter(|y| check_close(y, &all, 0.0, 0.0).is_ok()).count();
    assert!((2..16).contains(&unchanged), "both layers skipped in {unchanged} of 32");
    assert!((2..16).contains(&complete), "no layer skipped in {complete} of 32");
}

#[test]
#[should_panic(expected = "parallel order is not defined for layers with cross-attention")]
fn parallel_order_with_cross_attention_is_rejected() {
    LayerConfig::new(8, 2, 16)
        .with_norm_order(NormOrder::Parallel)
        .init_decoder_layer(&Device::flex());
}

#[test]
fn only_a_pre_norm_stack_has_a_final_norm() {
    let device = Device::flex();
    let config = |order| LayerConfig::new(8, 2, 16).with_norm_order(order);
    assert!(config(NormOrder::Pre).init_encoder(1, &device).final_norm.is_some());
    assert!(config(NormOrder::Pre).init_decoder(1, &device).final_norm.is_some());
    assert!(config(NormOrder::Post).init_encoder(1, &device).final_norm.is_none());
    assert!(config(NormOrder::Post).init_decoder(1, &device).final_norm.is_none());
}
