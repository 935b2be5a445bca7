//! The decoder: a stack of layers with causal self-attention.

mod attention;
mod cache;
mod layer;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache};
use crosshead_kernels::{Mode, checkpoint, linears};
use crosshead_position::PositionBias;

pub use self::attention::DecoderAttention;
pub use self::cache::{DecoderCache, Memory};
pub use self::layer::DecoderLayer;
pub(crate) use self::layer::NO_PARALLEL_CROSS_ATTENTION;
use crate::Norm;
use crate::stack::{self, check_features, is_dropped, with_bias};
use crate::sub_layer::Stream;

/// A stack of identical decoder layers.
#[derive(Module, Debug)]
pub struct Decoder {
    /// The position bias of self-attention in every layer.
    pub position_bias: Option<PositionBias>,
    /// The layers, first to last.
    pub layers: Vec<DecoderLayer>,
    /// The norm after the last layer, in every order except post-norm.
    pub final_norm: Option<Norm>,
    #[module(skip)]
    pub(crate) window: Option<usize>,
    #[module(skip)]
    pub(crate) layer_drop: f32,
    #[module(skip)]
    pub(crate) checkpointing: bool,
}

linears!(Decoder { layers });

impl Decoder {
    /// Sets whether training saves only the inputs of the layers and computes each layer again in the backward pass.
    #[must_use]
    pub fn with_checkpointing(self, checkpointing: bool) -> Self {
        Self { checkpointing, ..self }
    }

    /// A cache for incremental decoding: each layer's keys and values of the memory, for up to `capacity` positions.
    ///
    /// `mask` applies to self-attention in addition to the causal mask, for example to hide padding on the left.
    ///
    /// # Panics
    /// If only one of memory and cross-attention is present, or the memory does not have `d_model` features.
    pub fn start(
        &self,
        memory: Option<&Memory>,
        mask: AttentionMask,
        capacity: usize,
    ) -> DecoderCache {
        let layers = self.layers.iter().map(|layer| layer.project_memory(memory, Mode::Eval));
        DecoderCache::new(layers, mask, memory.map(|memory| memory.mask.clone()), capacity)
    }

    /// The outputs for the positions in `x`, which continue the cached positions; for inference.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the cache belongs to a different decoder or batch, or exceeds its
    /// capacity.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut DecoderCache) -> Tensor<3> {
        let [_, len, _] = x.dims();
        self.check_features(&x);
        assert!(
            cache.layers.len() == self.layers.len(),
            "a cache of {} layers does not match a decoder of {} layers",
            cache.layers.len(),
            self.layers.len()
        );
        let (mask, bias) = self.self_mask(cache.mask(), cache.len(), len, &x.device());
        let (mask, memory_mask) = (with_bias(&mask, bias), cache.memory_mask());
        let states =
            cache.layers.iter_mut().map(|layer| (layer.memory.clone(), Some(&mut layer.positions)));
        let stream = self.run(x, &mask, states, memory_mask.as_ref(), None, Mode::Eval);
        stream.finish_with(self.final_norm.as_ref())
    }

    /// The outputs for all positions in one forward pass; `mask` applies to self-attention in addition to the causal mask.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, tgt_len, d_model]`, `memory`: `[batch, src_len, d_model]`
    ///
    /// # Panics
    /// If only one of memory and cross-attention is present, `x` or the memory does not have `d_model` features, or their batches
    /// or masks do not match.
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
            self.run_at_once(x, &with_bias(&mask, bias), memory, None, mode)
        };
        stream.finish_with(self.final_norm.as_ref())
    }

    fn check_features(&self, x: &Tensor<3>) {
        if let Some(layer) = self.layers.first() {
            check_features("a decoder", x, layer.self_attn.d_model());
        }
    }

    /// Runs the layers on all positions in one pass.
    fn run_at_once(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        memory: Option<&Memory>,
        weights: Option<&mut DecoderAttention>,
        mode: Mode,
    ) -> Stream {
        let states = self.layers.iter().enumerate();
        let states =
            states.map(|(index, layer)| (layer.project_memory(memory, mode.index(index)), None));
        self.run(x, mask, states, memory.map(|memory| &memory.mask), weights, mode)
    }

    /// Runs the layers with their keys and values of the memory and their caches.
    fn run<'a>(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        states: impl Iterator<Item = (Option<KeyValue>, Option<&'a mut KvCache>)>,
        memory_mask: Option<&AttentionMask>,
        mut weights: Option<&mut DecoderAttention>,
        mode: Mode,
    ) -> Stream {
        let layers = self.layers.iter().zip(states).enumerate();
        layers.fold(Stream::new(x), |stream, (index, (layer, (memory, cache)))| {
            let mode = mode.index(index);
            if is_dropped(mode, self.layer_drop) {
                return stream;
            }
            let weights = weights.as_deref_mut();
            layer.run(stream, mask, memory.zip(memory_mask), cache, weights, mode)
        })
    }

    /// Runs the layers with gradient checkpointing.
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
                let seen = layer.project_memory(memory.as_ref(), mode).zip(memory_mask.as_ref());
                layer.forward(x, &mask, seen, None, mode)
            }))
        })
    }

    /// The mask and the position bias of self-attention for `len` positions from `start`.
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
