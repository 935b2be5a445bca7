//! Gradient checkpointing as one node of the graph, which runs a graph of its own in the backward pass.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Flex, flex::FlexTensor};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients as TensorGradients, Tensor};

/// The fused body of [`crate::checkpoint()`].
pub(crate) fn checkpoint<M, F, const N: usize>(
    module: &M,
    mut inputs: [Tensor<3>; N],
    f: F,
) -> Tensor<3>
where
    M: Module + Sync + 'static,
    F: Fn(&M, [Tensor<3>; N]) -> Tensor<3> + Send + Sync + 'static,
{
    // A parameter that is not drawn yet would be drawn in each clone by itself.
    module.visit(&mut Draw);
    // The parameters hang on the node by its inputs.
    if let Some(first) = inputs.first_mut()
        && !first.is_require_grad()
    {
        *first = tracked(first.clone());
    }
    let plain = inputs.clone().map(Tensor::inner);
    let output = f(&module.clone().no_grad(), plain.clone().map(Tensor::from_inner)).inner();
    let nodes = inputs.map(|x| {
        let x = x.try_into_primitive::<Autodiff<Flex>>().expect("a tensor on Flex with autodiff");
        x.node()
    });
    let output = primitive(output);
    let node = Recompute::<M, F, N>(PhantomData);
    Tensor::from_primitive::<Autodiff<Flex>>(
        match node.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(output),
            OpsKind::Tracked(prepared) => {
                let state =
                    State { module: module.clone(), inputs: plain.map(primitive), f: Arc::new(f) };
                prepared.finish(state, output)
            }
        },
    )
}

/// Draws every parameter that is not drawn yet.
struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}

/// The tensor, or a tracked one of the same values.
fn tracked(x: Tensor<3>) -> Tensor<3> {
    let is_tracked = x.clone().try_into_primitive::<Autodiff<Flex>>().is_ok_and(|x| x.is_tracked());
    if is_tracked { x } else { x.detach().require_grad() }
}

fn primitive<const D: usize>(x: Tensor<D>) -> FlexTensor {
    x.try_into_primitive::<Flex>().expect("a tensor on Flex without autodiff")
}

/// What runs again.
struct State<M, F, const N: usize> {
    module: M,
    inputs: [FlexTensor; N],
    f: Arc<F>,
}

impl<M: Clone, F, const N: usize> Clone for State<M, F, N> {
    fn clone(&self) -> Self {
        let (module, inputs, f) = (self.module.clone(), self.inputs.clone(), Arc::clone(&self.f));
        Self { module, inputs, f }
    }
}

impl<M, F, const N: usize> fmt::Debug for State<M, F, N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("State").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

struct Recompute<M, F, const N: usize>(PhantomData<fn() -> (M, F)>);

impl<M, F, const N: usize> fmt::Debug for Recompute<M, F, N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Recompute")
    }
}

impl<M, F, const N: usize> Backward<Flex, N> for Recompute<M, F, N>
where
    M: Module + Sync + 'static,
    F: Fn(&M, [Tensor<3>; N]) -> Tensor<3> + Send + Sync + 'static,
{
    type State = State<M, F, N>;

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { module, inputs, f } = ops.state;
        let gradient = Tensor::<3>::from_primitive::<Flex>(grads.consume::<Flex>(&ops.node));
        // Leaves of their own: this graph shares no node with the one that is being run.
        let leaves = module.valid().train();
        let inputs = inputs
            .map(|x| Tensor::<3>::from_inner(Tensor::from_primitive::<Flex>(x)).require_grad());
        let output = f(&leaves, inputs.clone());
        let inner = (output * Tensor::from_inner(gradient)).sum().backward();
        for (parent, input) in ops.parents.into_iter().zip(inputs) {
            if let Some(parent) = parent {
                let gradient = input.grad(&inner).unwrap_or_else(|| input.inner().zeros_like());
                grads.register::<Flex>(parent.id, primitive(gradient));
            }
        }
        let mut found = Vec::new();
        leaves.visit(&mut Collect { inner: &inner, found: &mut found });
        module.visit(&mut Register { grads, found: found.into_iter() });
    }
}

/// The gradient of each parameter, in the order of the walk.
struct Collect<'a> {
    inner: &'a TensorGradients,
    found: &'a mut Vec<Option<FlexTensor>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push(param.val().grad(self.inner).map(primitive));
    }
}

/// Gives each parameter the gradient of its leaf.
struct Register<'a> {
    grads: &'a mut Gradients,
    found: std::vec::IntoIter<Option<FlexTensor>>,
}

impl ModuleVisitor for Register<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.found.next().flatten() else { return };
        if let Ok(parameter) = param.val().try_into_primitive::<Autodiff<Flex>>() {
            self.grads.register::<Flex>(parameter.node().id(), gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flex::testing::normal;
    use crate::{Linear, LinearConfig, Mode, RandomKey, dropout};
    use burn::tensor::{Device, TensorData};

    /// Two linear maps with dropout between, of x plus the mean of a memory.
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
        let hidden = layer.first.forward(rows).tanh();
        let hidden = dropout(hidden, 0.3, Mode::Train(RandomKey::new(seed)));
        x + layer.second.forward(hidden).reshape(shape)
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
    fn gradients_of_inputs_and_parameters_are_those_of_a_plain_call() {
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
}
