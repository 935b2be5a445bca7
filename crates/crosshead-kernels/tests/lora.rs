//! Linear layers with a low-rank update.

use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::{
    Activation, Int8Weight, Linear, LinearConfig, LoraConfig, LoraScaling, Mode, RandomKey,
};

const D_IN: usize = 12;
const D_OUT: usize = 20;

fn normal(seed: u64, shape: [usize; 2]) -> Tensor<2> {
    let values = RandomKey::new(seed).normal(shape[0] * shape[1]);
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

/// A layer with a random update of rank 3.
fn layer(seed: u64, dropout: f32) -> Linear {
    let config = LoraConfig::new(3).with_alpha(5.0).with_dropout(dropout);
    let mut layer = LinearConfig::new(D_IN, D_OUT).with_seed(seed).init(&Device::flex());
    layer.lora =
        Some(config.with_weights(normal(seed + 1, [3, D_IN]), normal(seed + 2, [D_OUT, 3])));
    layer
}

/// The layer with the update in its weight, computed from the definition.
fn merged(layer: &Linear) -> Linear {
    let lora = layer.lora.as_ref().unwrap();
    let update = lora.b.val().matmul(lora.a.val()) * (5.0 / 3.0);
    let mut merged = LinearConfig::new(D_IN, D_OUT).init(&Device::flex());
    let id = merged.weight.id;
    merged.weight = merged.weight.transform_for_load(layer.weight.val() + update, id);
    merged
}

#[track_caller]
fn assert_close(found: Tensor<2>, expected: Tensor<2>) {
    let relative = (found - expected.clone()).abs() / (expected.abs() + 1.0);
    let difference = relative.max().into_scalar::<f32>();
    assert!(difference < 1e-4, "{difference}");
}

#[test]
fn an_update_is_added_to_the_weight() {
    let x = || normal(9, [7, D_IN]);
    let layers = [1, 11, 21].map(|seed| layer(seed, 0.0));
    let expected = layers.each_ref().map(merged);
    for activation in [Activation::Identity, Activation::Relu, Activation::Gelu] {
        let of = |layer: &Linear| layer.forward_with(x(), activation, Mode::Eval);
        assert_close(of(&layers[0]), of(&expected[0]));
        let gated = |layers: &[Linear; 3]| {
            Linear::forward_gated(&layers[0], &layers[1], x(), activation, Mode::Eval)
        };
        assert_close(gated(&layers), gated(&expected));
    }
    let three = |layers: &[Linear; 3]| Linear::forward_three(layers.each_ref(), x(), Mode::Eval);
    for (found, expected) in three(&layers).into_iter().zip(three(&expected)) {
        assert_close(found, expected);
    }
    let mut by_method = layers[0].clone();
    by_method.merge_lora();
    assert!(by_method.lora.is_none());
    assert_close(by_method.weight.val(), expected[0].weight.val());
}

#[test]
fn a_new_update_changes_nothing_and_is_drawn_from_its_key() {
    let device = Device::flex();
    let config = LoraConfig::new(4);
    let new = |key: RandomKey| config.init(D_IN, D_OUT, key, &device);
    let key = RandomKey::new(1).stream("a");
    assert_eq!(new(key).a.val().into_data(), new(key).a.val().into_data());
    assert_ne!(new(key).a.val().into_data(), new(key.stream("b")).a.val().into_data());
    let bound = (D_IN as f32).powf(-0.5);
    let a: Vec<f32> = new(key).a.val().into_data().iter::<f32>().collect();
    assert!(
        a.iter().all(|value| value.abs() <= bound)
            && a.iter().any(|value| value.abs() > 0.8 * bound)
    );
    let mut layer = LinearConfig::new(D_IN, D_OUT).init(&device);
    let x = || normal(5, [6, D_IN]);
    let before = layer.forward(x(), Mode::Eval);
    layer.lora = Some(new(key));
    assert_eq!(layer.forward(x(), Mode::Eval).into_data(), before.into_data());
}

#[test]
fn dropout_is_a_function_of_the_stream_and_only_for_training() {
    let (layer, x) = (layer(1, 0.5), || normal(9, [7, D_IN]));
    let of = |mode| layer.forward(x(), mode).into_data();
    let key = RandomKey::new(3);
    assert_eq!(of(Mode::Train(key)), of(Mode::Train(key)));
    assert_ne!(of(Mode::Train(key)), of(Mode::Train(key.stream("other"))));
    assert_ne!(of(Mode::Train(key)), of(Mode::Eval));
    assert_close(layer.forward(x(), Mode::Eval), merged(&layer).forward(x(), Mode::Eval));
}

#[test]
fn an_int8_weight_keeps_its_update() {
    let mut layer = layer(1, 0.0);
    let data = layer.weight.val().into_data();
    let weight = Int8Weight::quantize(data.as_slice::<f32>().unwrap(), [D_OUT, D_IN]);
    let exact = weight.dequantize();
    let id = layer.weight.id;
    layer.weight = layer.weight.transform_for_load(weight.into_tensor(&Device::flex()), id);
    layer.merge_lora();
    let lora = layer.lora.as_ref().unwrap();
    let x = normal(9, [7, D_IN]);
    let exact = Tensor::<2>::from_data(TensorData::new(exact, [D_OUT, D_IN]), &Device::flex());
    let expected = x.clone().matmul((exact + lora.update()).transpose());
    let difference = (layer.forward(x, Mode::Eval) - expected).abs().max().into_scalar::<f32>();
    assert!(difference < 0.1, "{difference}");
}

#[test]
fn a_stored_config_has_the_same_scale() {
    let config = LoraConfig::new(4).with_alpha(6.0).with_scaling(LoraScaling::RootRank);
    let stored = serde_json::to_string(&config).unwrap();
    let restored: LoraConfig = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored, config);
    assert_eq!((restored.rank(), restored.alpha(), restored.dropout()), (4, 6.0, 0.0));
    assert_eq!((restored.scale(), LoraConfig::new(4).with_alpha(6.0).scale()), (3.0, 1.5));
}
