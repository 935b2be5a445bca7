//! Gradient checkpointing as one node of the autodiff graph, whose backward pass builds and runs a separate graph.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Flex, flex::FlexTensor};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients as TensorGradients, Tensor};

use crate::flex::runtime::tensor::primitive;

/// The fused implementation of [`crate::checkpoint()`].
pub(crate) fn checkpoint<M, F, const N: usize>(
    module: &M,
    mut inputs: [Tensor<3>; N],
    f: F,
) -> Tensor<3>
where
    M: Module + Sync + 'static,
    F: Fn(&M, [Tensor<3>; N]) -> Tensor<3> + Send + Sync + 'static,
{
    // Clones of a parameter that has not been initialized would be initialized separately.
    module.visit(&mut Initialize);
    // The node is part of the graph only if at least one input is tracked.
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

/// Initializes every lazy parameter.
struct Initialize;

impl ModuleVisitor for Initialize {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}

/// The tensor, or a tracked tensor with the same values.
fn tracked(x: Tensor<3>) -> Tensor<3> {
    let is_tracked = x.clone().try_into_primitive::<Autodiff<Flex>>().is_ok_and(|x| x.is_tracked());
    if is_tracked { x } else { x.detach().require_grad() }
}

/// The computation that is repeated in the backward pass.
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
        // Separate leaves, so that this graph does not share nodes with the graph whose backward pass is running.
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

/// Collects the gradient of each parameter, in visiting order.
struct Collect<'a> {
    inner: &'a TensorGradients,
    found: &'a mut Vec<Option<FlexTensor>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push(param.val().grad(self.inner).map(primitive));
    }
}

/// Registers the gradient of each leaf with its parameter.
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
