//! Three linear layers applied to the same rows, as a backend extension.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use super::forward::{Map, write_each};
use super::{Arguments, LinearOps};
use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;
use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::optional::Optional;
use crate::flex::runtime::tensor::values;

/// The fused implementation of [`crate::linear_three`].
pub(crate) fn linear_three(x: Tensor<2>, weights: [LinearWeights; 3]) -> [Tensor<2>; 3] {
    let [(w0, b0), (w1, b1), (w2, b2)] = weights
        .map(|LinearWeights { weight, bias }| (weight.into_dispatch(), Optional::from(bias)));
    let x = x.into_dispatch();
    let (y0, y1, y2) = <Dispatch as LinearThreeOps>::linear_three(x, w0, b0, w1, b1, w2, b2);
    [y0, y1, y2].map(Tensor::from_dispatch)
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait LinearThreeOps: Backend {
    fn linear_three(
        x: FloatTensor<Self>,
        w0: FloatTensor<Self>,
        #[extension_type] b0: Optional<Self>,
        w1: FloatTensor<Self>,
        #[extension_type] b1: Optional<Self>,
        w2: FloatTensor<Self>,
        #[extension_type] b2: Optional<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl LinearThreeOps for Flex {
    /// For few rows, the threads share the work for all three layers.
    fn linear_three(
        x: FlexTensor,
        w0: FlexTensor,
        b0: Optional<Self>,
        w1: FlexTensor,
        b1: Optional<Self>,
        w2: FlexTensor,
        b2: Optional<Self>,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let each = [(w0, b0), (w1, b1), (w2, b2)].map(|(weight, bias)| {
            Arguments::new(x.clone(), weight, bias.into_option(), Activation::Identity)
        });
        let (maps, rows) = (each.each_ref().map(Arguments::map), each[0].rows());
        let mut outputs = maps.map(|map| Buffer::unspecified(rows * map.weight.d_out));
        write_each(maps, values(&each[0].x), rows, outputs.each_mut().map(|y| &mut y[..]));
        let [y0, y1, y2] = outputs;
        let tensor = |y: Buffer, map: &Map| y.into_tensor([rows, map.weight.d_out]);
        (tensor(y0, &maps[0]), tensor(y1, &maps[1]), tensor(y2, &maps[2]))
    }
}

impl<C: CheckpointStrategy> LinearThreeOps for Autodiff<Flex, C> {
    fn linear_three(
        x: FloatTensor<Self>,
        w0: FloatTensor<Self>,
        b0: Optional<Self>,
        w1: FloatTensor<Self>,
        b1: Optional<Self>,
        w2: FloatTensor<Self>,
        b2: Optional<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        [(w0, b0), (w1, b1), (w2, b2)]
            .map(|(weight, bias)| Self::linear(x.clone(), weight, bias, Activation::Identity))
            .into()
    }
}
