//! Gradient checkpointing.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use crate::flex::testing::normal;
use crate::{Linear, LinearConfig, Mode, RandomKey, dropout};

/// Two linear layers with dropout between them, applied to x plus the mean of a memory.
#[derive(Module, Debug)]
struct Layer {
    first: Linear,
    second: Linear,
}

fn layer(seed: u64, device: &Device) -> Layer {
    let linear = |seed| LinearConfig::new(6, 6).with_seed(seed).init(device);
    Layer { first: linear(seed), second: linear(seed + 1) }
}

fn run(layer: &Layer, [x, memory]: [Tensor<3>; 2], seed: u64) -> Tensor<3> {
    let shape = x.dims();
    let rows = (x.clone() + memory.mean_dim(1)).reshape([shape[0] * shape[1], 6]);
    let hidden = layer.first.forward(rows, Mode::Eval).tanh();
    let hidden = dropout(hidden, 0.3, Mode::Train(RandomKey::new(seed)));
    x + layer.second.forward(hidden, Mode::Eval).reshape(shape)
}

type Run = fn(&Layer, [Tensor<3>; 2], u64) -> Tensor<3>;

/// The output of three layers, and the gradients of inputs and parameters.
fn chain(run: Run, tracked_inputs: bool) -> Vec<TensorData> {
    let device = Device::flex().autodiff();
    let layers = [layer(1, &device), layer(3, &device), layer(5, &device)];
    let [x, memory] = [1, 2].map(|seed| {
        let x = normal::<3>(seed, [2, 5, 6], &device).detach();
        if tracked_inputs { x.require_grad() } else { x }
    });
    let y = layers
        .iter()
        .enumerate()
        .fold(x.clone(), |x, (index, layer)| run(layer, [x, memory.clone()], index as u64));
    let weights = normal::<3>(9, [2, 5, 6], &device);
    let gradients = (y.clone() * weights).sum().backward();
    let mut results = vec![y.into_data()];
    if tracked_inputs {
        results.extend([x, memory].map(|x| x.grad(&gradients).unwrap().into_data()));
    }
    for layer in &layers {
        for linear in [&layer.first, &layer.second] {
            results.push(linear.weight.grad(&gradients).unwrap().into_data());
            let bias = linear.bias.as_ref().unwrap();
            results.push(bias.grad(&gradients).unwrap().into_data());
        }
    }
    results
}

fn checkpointed(layer: &Layer, inputs: [Tensor<3>; 2], seed: u64) -> Tensor<3> {
    crate::checkpoint(layer, inputs, move |layer, inputs| run(layer, inputs, seed))
}

#[test]
fn gradients_of_inputs_and_parameters_are_bit_identical_to_those_of_a_plain_call() {
    for tracked_inputs in [true, false] {
        assert_eq!(chain(checkpointed, tracked_inputs), chain(run, tracked_inputs));
    }
}

#[test]
fn devices_without_autodiff_run_a_plain_call() {
    let device = Device::flex();
    let layer = layer(1, &device);
    let inputs = [1, 2].map(|seed| normal::<3>(seed, [2, 5, 6], &device));
    let expected = run(&layer, inputs.clone(), 7).into_data();
    assert_eq!(checkpointed(&layer, inputs, 7).into_data(), expected);
}
