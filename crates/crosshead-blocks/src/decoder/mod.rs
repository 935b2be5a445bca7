//! The decoder: a stack of layers that look at no later position.

mod cache;
mod layer;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache};
use crosshead_kernels::{Mode, checkpoint};
use crosshead_position::PositionBias;

pub use self::cache::{DecoderCache, Memory};
pub use self::layer::DecoderLayer;
pub(crate) use self::layer::NO_PARALLEL_CROSS_ATTENTION;
use crate::Norm;
use crate::stack::{self, check_features, is_dropped, with_bias};
use crate::sub_layer::Stream;

/// A stack of identical decoder layers.
#[derive(Module, Debug)]
pub struct Decoder {
    /// What distances add to the scores of self-attention in every layer.
    pub position_bias: Option<PositionBias>,
    /// The layers, first to last.
    pub layers: Vec<DecoderLayer>,
    /// The norm after the last layer, in every order but post-norm.
    pub final_norm: Option<Norm>,
    #[module(skip)]
    pub(crate) window: Option<usize>,
    #[module(skip)]
    pub(crate) layer_drop: f32,
    #[module(skip)]
    pub(crate) checkpointing: bool,
}

impl Decoder {
    /// What decoding needs: every layer's keys and values of the memory, and room for `capacity` positions.
    ///
    /// `mask` says what self-attention may see besides causality: with rows padded on the left, where each begins.
    ///
    /// # Panics
    /// If there is a memory and no cross-attention, or cross-attention and no memory; if the memory has other than `d_model`
    /// features.
    pub fn start(
        &self,
        memory: Option<&Memory>,
        mask: AttentionMask,
        capacity: usize,
    ) -> DecoderCache {
        let layers = self.layers.iter().map(|layer| layer.project_memory(memory));
        DecoderCache::new(layers, mask, memory.map(|memory| memory.mask.clone()), capacity)
    }

    /// The outputs of the positions in `x`, which continue those the cache has seen, at inference.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`
    ///
    /// # Panics
    /// If `x` has other than `d_model` features, if the cache is another decoder's or of another batch, or if its room is
    /// exceeded.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut DecoderCache) -> Tensor<3> {
        let [_, len, _] = x.dims();
        self.check_features(&x);
        assert!(
            cache.layers.len() == self.layers.len(),
            "a cache of {} layers does not fit a decoder of {}",
            cache.layers.len(),
            self.layers.len()
        );
        let (mask, bias) = self.self_mask(cache.mask(), cache.len(), len, &x.device());
        let (mask, memory_mask) = (with_bias(&mask, bias), cache.memory_mask());
        let states =
            cache.layers.iter_mut().map(|layer| (layer.memory.clone(), Some(&mut layer.positions)));
        let stream = self.run(x, &mask, states, memory_mask.as_ref(), Mode::Eval);
        stream.finish_with(self.final_norm.as_ref())
    }

    /// The outputs of all positions at once; `mask` says what self-attention may see besides causality.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`, `memory`: `[batch, src_len, d_model]`
    ///
    /// # Panics
    /// If there is a memory and no cross-attention, or cross-attention and no memory; if `x` or the memory has other than
    /// `d_model` features, or their batches or masks do not fit each other.
    pub fn forward(
        &self,
        x: Tensor<3>,
        mask: AttentionMask,
        memory: Option<&Memory>,
        mode: Mode,
    ) -> Tensor<3> {
        let [_, tgt_len, _] = x.dims();
        self.check_features(&x);
        let (mask, bias) = self.self_mask(mask, 0, tgt_len, &x.device());
        let stream = if self.checkpointing && mode != Mode::Eval {
            self.run_checkpointed(x, &mask, bias, memory, mode)
        } else {
            let states = self.layers.iter().map(|layer| (layer.project_memory(memory), None));
            let memory_mask = memory.map(|memory| &memory.mask);
            self.run(x, &with_bias(&mask, bias), states, memory_mask, mode)
        };
        stream.finish_with(self.final_norm.as_ref())
    }

    fn check_features(&self, x: &Tensor<3>) {
        if let Some(layer) = self.layers.first() {
            check_features("a decoder", x, layer.self_attn.d_model());
        }
    }

    /// The layers one after the other, with their keys and values of the memory and of the positions before.
    fn run<'a>(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        states: impl Iterator<Item = (Option<KeyValue>, Option<&'a mut KvCache>)>,
        memory_mask: Option<&AttentionMask>,
        mode: Mode,
    ) -> Stream {
        let layers = self.layers.iter().zip(states).enumerate();
        layers.fold(Stream::new(x), |stream, (index, (layer, (memory, cache)))| {
            let mode = mode.index(index);
            if is_dropped(mode, self.layer_drop) {
                return stream;
            }
            layer.run(stream, mask, memory.zip(memory_mask), cache, mode)
        })
    }

    /// The layers one after the other, of which only the inputs are kept.
    fn run_checkpointed(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        bias: Option<Tensor<4>>,
        memory: Option<&Memory>,
        mode: Mode,
    ) -> Stream {
        let (has_bias, memory_mask) = (bias.is_some(), memory.map(|memory| memory.mask.clone()));
        let device = x.device();
        let bias = stack::pack(bias, &device);
        let states = stack::pack(memory.map(|memory| memory.states.clone()), &device);
        self.layers.iter().enumerate().fold(Stream::new(x), |stream, (index, layer)| {
            let mode = mode.index(index);
            if is_dropped(mode, self.layer_drop) {
                return stream;
            }
            let (mask, memory_mask) = (mask.clone(), memory_mask.clone());
            let inputs = [stream.finish(), states.clone(), bias.clone()];
            Stream::new(checkpoint(layer, inputs, move |layer, [x, states, bias]| {
                let mask = with_bias(&mask, has_bias.then(|| bias.unsqueeze()));
                let memory = memory_mask.as_ref().map(|mask| Memory { states, mask: mask.clone() });
                let seen = layer.project_memory(memory.as_ref()).zip(memory_mask.as_ref());
                layer.forward(x, &mask, seen, None, mode)
            }))
        })
    }

    /// What self-attention of `len` positions from `start` on sees, and what distances add.
    fn self_mask(
        &self,
        mask: AttentionMask,
        start: usize,
        len: usize,
        device: &Device,
    ) -> (AttentionMask, Option<Tensor<4>>) {
        let k_len = start + len;
        let bias = self.position_bias.as_ref().map(|bias| bias.forward(start, len, k_len, device));
        (stack::mask(mask.with_causal(), self.window, k_len), bias)
    }
}
