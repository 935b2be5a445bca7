//! The embedding lookup as a backend extension.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, Backend, Dispatch, Flex, backend_extension,
    flex::FlexTensor,
    tensor::{FloatTensor, IntTensor},
};
use burn::tensor::{Int, Tensor};

use crate::flex::runtime::buffer::Buffer;
use crate::flex::runtime::parallel;
use crate::flex::runtime::simd::vectorized;
use crate::flex::runtime::tensor::{contiguous, dims, values};

/// The fused implementation of [`crate::embedding()`].
pub(crate) fn embedding(
    weight: Tensor<2>,
    ids: Tensor<1, Int>,
    scale: f32,
    padding_id: Option<usize>,
) -> Tensor<2> {
    let (weight, ids) = (weight.into_dispatch(), ids.into_dispatch());
    Tensor::from_dispatch(<Dispatch as EmbeddingOps>::embedding(weight, ids, scale, padding_id))
}

#[backend_extension(Flex, Autodiff)]
pub(crate) trait EmbeddingOps: Backend {
    fn embedding(
        weight: FloatTensor<Self>,
        ids: IntTensor<Self>,
        scale: f32,
        padding_id: Option<usize>,
    ) -> FloatTensor<Self>;
}

impl EmbeddingOps for Flex {
    fn embedding(
        weight: FlexTensor,
        ids: FlexTensor,
        scale: f32,
        padding_id: Option<usize>,
    ) -> FlexTensor {
        Lookup::new(&weight, ids, scale, padding_id).forward(&contiguous(weight))
    }
}

impl<C: CheckpointStrategy> EmbeddingOps for Autodiff<Flex, C> {
    fn embedding(
        weight: FloatTensor<Self>,
        ids: FlexTensor,
        scale: f32,
        padding_id: Option<usize>,
    ) -> FloatTensor<Self> {
        let node = weight.node();
        let weight = contiguous(weight.into_primitive());
        let lookup = Lookup::new(&weight, ids, scale, padding_id);
        let y = lookup.forward(&weight);
        match EmbeddingBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::UnTracked(prepared) => prepared.finish(y),
            OpsKind::Tracked(prepared) => prepared.finish(lookup, y),
        }
    }
}

#[derive(Debug)]
struct EmbeddingBackward;

impl Backward<Flex, 1> for EmbeddingBackward {
    type State = Lookup;

    fn backward(self, ops: Ops<Lookup, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let gradient = contiguous(grads.consume::<Flex>(&ops.node));
        if let Some(parent) = parent {
            grads.register::<Flex>(parent.id, ops.state.backward(values(&gradient)));
        }
    }
}

/// The rows of a table to look up.
#[derive(Clone, Debug)]
struct Lookup {
    ids: Vec<usize>,
    vocab_size: usize,
    d_model: usize,
    scale: f32,
    padding_id: Option<usize>,
}

impl Lookup {
    fn new(weight: &FlexTensor, ids: FlexTensor, scale: f32, padding_id: Option<usize>) -> Self {
        let [vocab_size, d_model] = dims(weight);
        let row = |id: i64| match usize::try_from(id) {
            Ok(row) if row < vocab_size => row,
            _ => panic!("token id {id} is outside the vocabulary of {vocab_size}"),
        };
        let ids = ids.into_data().iter::<i64>().map(row).collect();
        Self { ids, vocab_size, d_model, scale, padding_id }
    }

    /// The scaled rows.
    fn forward(&self, weight: &FlexTensor) -> FlexTensor {
        /// Rows per part.
        const PART: usize = 64;
        let (weight, d_model, scale) = (values(weight), self.d_model, self.scale);
        let mut y = Buffer::unspecified(self.ids.len() * d_model);
        let work = y.len();
        parallel::for_each_rows(&mut y, d_model, PART, work, |first, part| {
            vectorized(
                #[inline(always)]
                || {
                    for (y, &id) in part.chunks_exact_mut(d_model).zip(&self.ids[first..]) {
                        let row = &weight[id * d_model..][..d_model];
                        y.iter_mut().zip(row).for_each(|(y, value)| *y = value * scale);
                    }
                },
            );
        });
        y.into_tensor([self.ids.len(), d_model])
    }

    /// The gradient of the table: each row is the sum of the gradients of its tokens, in order.
    fn backward(&self, gradient: &[f32]) -> FlexTensor {
        /// Rows of the table per part; each part scans all ids.
        const PART: usize = 512;
        let Self { ids, vocab_size, d_model, scale, padding_id } = self;
        let (d_model, scale) = (*d_model, *scale);
        let mut dw = Buffer::unspecified(vocab_size * d_model);
        let work = dw.len();
        parallel::for_each_rows(&mut dw, d_model, PART, work, |first, part| {
            part.fill(0.0);
            let rows = first..first + part.len() / d_model;
            vectorized(
                #[inline(always)]
                || {
                    let tokens = ids.iter().zip(gradient.chunks_exact(d_model));
                    for (&id, gradient) in tokens {
                        if rows.contains(&id) && Some(id) != *padding_id {
                            let sums = &mut part[(id - first) * d_model..][..d_model];
                            sums.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g * scale);
                        }
                    }
                },
            );
        });
        dw.into_tensor([*vocab_size, d_model])
    }
}
