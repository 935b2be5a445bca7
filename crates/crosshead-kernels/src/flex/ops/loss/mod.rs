//! Fused output projection and softmax cross-entropy.
//!
//! The gradients are computed in the forward pass, while the probabilities are in memory; the backward pass only scales
//! them.

mod cross_entropy;

use std::borrow::Cow;

use burn::backend::autodiff::{
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension,
    flex::FlexTensor,
    tensor::{FloatTensor, IntTensor},
};
use burn::tensor::{Int, Shape, Tensor};

use self::cross_entropy::{Problem, Requested, solve};
use crate::args::linear::LinearWeights;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::optional::Optional;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::tensor::{contiguous, values};

#[backend_extension(Flex, Autodiff)]
pub(crate) trait LossOps: Backend {
    fn linear_cross_entropy(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Optional<Self>,
        targets: IntTensor<Self>,
        n_classes: usize,
        epsilon: f32,
        z_loss: f32,
    ) -> FloatTensor<Self>;
}

/// The fused implementation of [`linear_cross_entropy_with`](crate::linear_cross_entropy_with), with label smoothing ε.
pub(crate) fn linear_cross_entropy(
    x: Tensor<2>,
    weights: LinearWeights,
    targets: Tensor<1, Int>,
    n_classes: usize,
    epsilon: f32,
    z_loss: f32,
) -> Tensor<1> {
    let LinearWeights { weight, bias } = weights;
    Tensor::from_dispatch(<Dispatch as LossOps>::linear_cross_entropy(
        x.into_dispatch(),
        weight.into_dispatch(),
        Optional::from(bias),
        targets.into_dispatch(),
        n_classes,
        epsilon,
        z_loss,
    ))
}

impl LossOps for Flex {
    fn linear_cross_entropy(
        x: FlexTensor,
        weight: FlexTensor,
        bias: Optional<Self>,
        targets: FlexTensor,
        n_classes: usize,
        epsilon: f32,
        z_loss: f32,
    ) -> FlexTensor {
        let requested = Requested { x: false, weight: false, bias: false };
        let target = Target { targets, n_classes, epsilon, z_loss };
        run(x, weight, bias.into_option(), target, requested).0
    }
}

impl<C: CheckpointStrategy> LossOps for Autodiff<Flex, C> {
    fn linear_cross_entropy(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Optional<Self>,
        targets: FlexTensor,
        n_classes: usize,
        epsilon: f32,
        z_loss: f32,
    ) -> FloatTensor<Self> {
        let requested =
            Requested { x: x.is_tracked(), weight: weight.is_tracked(), bias: bias.is_tracked() };
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let prepared =
            LinearCrossEntropy.prepare::<C>([x_node, weight_node, bias_node]).compute_bound();
        let target = Target { targets, n_classes, epsilon, z_loss };
        let (loss, gradients) = run(x, weight, bias, target, requested);
        match prepared.stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(gradients, loss),
            OpsKind::UnTracked(prepared) => prepared.finish(loss),
        }
    }
}

#[derive(Debug)]
struct LinearCrossEntropy;

impl Backward<Flex, 3> for LinearCrossEntropy {
    /// The gradients of the unscaled loss.
    type State = [Option<FlexTensor>; 3];

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let scale = values(&grads.consume::<Flex>(&ops.node))[0];
        for (parent, gradient) in ops.parents.into_iter().zip(ops.state) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<Flex>(parent.id, scaled(gradient, scale));
            }
        }
    }
}

/// The targets, and how the loss is computed from them.
struct Target {
    targets: FlexTensor,
    n_classes: usize,
    epsilon: f32,
    z_loss: f32,
}

/// The loss, and the requested gradients with respect to x, weight and bias.
fn run(
    x: FlexTensor,
    weight: FlexTensor,
    bias: Option<FlexTensor>,
    target: Target,
    requested: Requested,
) -> (FlexTensor, [Option<FlexTensor>; 3]) {
    let Target { targets, n_classes, epsilon, z_loss } = target;
    let (x, weight, bias) = (contiguous(x), contiguous(weight), bias.map(contiguous));
    let (x_shape, weight_shape) = (x.layout().shape().clone(), weight.layout().shape().clone());
    let [rows, d_model] = x_shape.dims();
    let (indices, labels) = labelled_rows(targets, n_classes);
    let solution = solve(
        &Problem {
            x: &gather(values(&x), &indices, rows, d_model),
            weight: values(&weight),
            bias: bias.as_ref().map(values),
            labels: &labels,
            n_classes,
            epsilon,
            z_loss,
            d_model,
        },
        requested,
    );
    let bias_shape = Shape::new([weight_shape[0]]);
    let gradients = [
        solution.x.map(|gradient| scatter(gradient, &indices, rows, d_model).into_tensor(x_shape)),
        solution.weight.map(|gradient| gradient.into_tensor(weight_shape)),
        solution.bias.map(|gradient| gradient.into_tensor(bias_shape)),
    ];
    let mut loss = Buffer::unspecified(1);
    loss[0] = solution.loss as f32;
    (loss.into_tensor([1]), gradients)
}

/// The rows with a valid class as the target, and their targets.
fn labelled_rows(targets: FlexTensor, n_classes: usize) -> (Vec<usize>, Vec<usize>) {
    let label = |target: i64| usize::try_from(target).ok().filter(|&label| label < n_classes);
    let targets = targets.into_data();
    targets
        .iter::<i64>()
        .enumerate()
        .filter_map(|(row, target)| Some((row, label(target)?)))
        .unzip()
}

/// The rows of `x`, `[rows, d_model]`, at ascending `indices`.
fn gather<'a>(x: &'a [f32], indices: &[usize], rows: usize, d_model: usize) -> Cow<'a, [f32]> {
    if indices.len() == rows {
        return Cow::Borrowed(x);
    }
    let mut gathered = Vec::with_capacity(indices.len() * d_model);
    for row in indices {
        gathered.extend_from_slice(&x[row * d_model..][..d_model]);
    }
    Cow::Owned(gathered)
}

/// Moves the rows of `gradient` to the ascending `indices` in a matrix of `rows` rows; the other rows are zero.
fn scatter(gradient: Buffer, indices: &[usize], rows: usize, d_model: usize) -> Buffer {
    if indices.len() == rows {
        return gradient;
    }
    let mut scattered = Buffer::zeros(rows * d_model);
    for (gradient, row) in gradient.chunks_exact(d_model).zip(indices) {
        scattered[row * d_model..][..d_model].copy_from_slice(gradient);
    }
    scattered
}

/// `gradient`·`scale`, in place if the gradient is not shared.
fn scaled(gradient: FlexTensor, scale: f32) -> FlexTensor {
    const PART: usize = 1 << 14;
    if scale == 1.0 {
        return gradient;
    }
    let mut gradient = gradient;
    let values = gradient.storage_mut::<f32>();
    let work = values.len();
    parallel::for_each_rows(values, 1, PART, work, |_, values| {
        vectorized(
            #[inline(always)]
            || values.iter_mut().for_each(|value| *value *= scale),
        );
    });
    gradient
}
