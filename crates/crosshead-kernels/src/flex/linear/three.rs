//! Three affine maps of the same rows as a backend extension.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension, flex::FlexTensor, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use super::forward::{FEW_ROWS, Map, write_few_rows};
use super::{Arguments, LinearOps};
use crate::Activation;
use crate::flex::buffer::{Buffer, values};
use crate::flex::optional::Optional;
use crate::linear::LinearWeights;

/// The fused body of [`crate::linear_three`].
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
    /// Where rows are few, the threads share the work of all three maps at once.
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
        let rows = each[0].rows();
        if rows > FEW_ROWS {
            return each.map(|arguments| arguments.forward(false).0).into();
        }
        let maps = each.each_ref().map(Arguments::map);
        let mut outputs = maps.map(|Map { d_out, .. }| Buffer::unspecified(rows * d_out));
        let [y0, y1, y2] = &mut outputs;
        write_few_rows(&maps, values(&each[0].x), rows, [y0, y1, y2].map(|y| &mut y[..]));
        let [y0, y1, y2] = outputs;
        let tensor = |y: Buffer, map: &Map<'_>| y.into_tensor([rows, map.d_out]);
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

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use proptest::prelude::*;

    use super::*;
    use crate::flex::testing::{
        assert_same_for_any_number_of_threads, normal, value_and_gradients,
    };
    use crate::linear::{linear, linear_three};

    type Inputs = (Tensor<2>, [LinearWeights; 3]);

    /// Three maps of different sizes, the middle one without a bias.
    fn inputs(rows: usize, d_in: usize, d_outs: [usize; 3], device: &Device) -> Inputs {
        let mut seed = 1;
        let weights = d_outs.map(|d_out| {
            seed += 2;
            let bias = (seed != 5).then(|| normal(seed + 1, [d_out], device));
            LinearWeights { weight: normal(seed, [d_out, d_in], device), bias }
        });
        (normal(1, [rows, d_in], device), weights)
    }

    fn one_by_one(x: Tensor<2>, weights: [LinearWeights; 3]) -> [Tensor<2>; 3] {
        weights.map(|LinearWeights { weight, bias }| {
            linear(x.clone(), weight, bias, Activation::Identity)
        })
    }

    /// The outputs side by side, and the gradients of x and the weights.
    fn run(
        (x, weights): Inputs,
        body: fn(Tensor<2>, [LinearWeights; 3]) -> [Tensor<2>; 3],
    ) -> Vec<TensorData> {
        let x = x.require_grad();
        let weights = weights.map(|LinearWeights { weight, bias }| LinearWeights {
            weight: weight.require_grad(),
            bias: bias.map(Tensor::require_grad),
        });
        let y = Tensor::cat(body(x.clone(), weights.clone()).to_vec(), 1);
        let [first, second, third] = weights.map(|weights| weights.weight);
        value_and_gradients!(y, [x, first, second, third])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn three_maps_at_once_give_the_bits_of_each_by_itself(
            rows in prop_oneof![0..4_usize, 60..70_usize],
            d_in in 1..300_usize,
            d_outs in prop::array::uniform3(1..200_usize),
        ) {
            let (x, weights) = inputs(rows, d_in, d_outs, &Device::flex());
            let at_once = linear_three(x.clone(), weights.clone()).map(Tensor::into_data);
            prop_assert_eq!(at_once, one_by_one(x, weights).map(Tensor::into_data));

            let inputs = inputs(rows.max(1), d_in, d_outs, &Device::flex().autodiff());
            prop_assert_eq!(run(inputs.clone(), linear_three), run(inputs, one_by_one));
        }
    }

    #[test]
    fn bits_do_not_depend_on_the_number_of_threads() {
        for rows in [1, 7] {
            assert_same_for_any_number_of_threads(|| {
                let (x, weights) = inputs(rows, 256, [256, 64, 300], &Device::flex());
                linear_three(x, weights).map(Tensor::into_data).to_vec()
            });
        }
    }
}
