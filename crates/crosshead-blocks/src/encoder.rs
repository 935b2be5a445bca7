//! The encoder: a stack of self-attention and feed-forward layers.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_attention::{AttentionMask, MultiHeadAttention};
use crosshead_kernels::{Mode, checkpoint, linears};
use crosshead_position::PositionBias;

use crate::stack::{self, check_features, is_dropped, with_bias};
use crate::sub_layer::{Connection, Stream, parallel, sub_layer};
use crate::{FeedForward, Norm, NormOrder};

/// One encoder layer: self-attention, then feed-forward (Vaswani et al. 2017, section 3.1).
#[derive(Module, Debug)]
pub struct EncoderLayer {
    /// Self-attention.
    pub self_attn: MultiHeadAttention,
    /// The norm of the self-attention sub-layer; in parallel order, of both sub-layers.
    pub self_attn_norm: Norm,
    /// The output norm of self-attention; only in sandwich order.
    pub self_attn_output_norm: Option<Norm>,
    /// The feed-forward sub-layer.
    pub feed_forward: FeedForward,
    /// The norm of the feed-forward sub-layer; `None` in parallel order.
    pub feed_forward_norm: Option<Norm>,
    /// The output norm of the feed-forward sub-layer; only in sandwich order.
    pub feed_forward_output_norm: Option<Norm>,
    #[module(skip)]
    pub(crate) norm_order: NormOrder,
    #[module(skip)]
    pub(crate) dropout: f32,
}

linears!(EncoderLayer { self_attn, feed_forward });

impl EncoderLayer {
    /// The layer's output.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, seq, d_model]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the mask does not match it.
    pub fn forward(&self, x: Tensor<3>, mask: &AttentionMask, mode: Mode) -> Tensor<3> {
        check_features("an encoder layer", &x, self.self_attn.d_model());
        self.run(Stream::new(x), mask, None, mode).finish()
    }

    /// Like [`forward`](Self::forward), for use in a stack. Adds the attention weights to `weights`, if given.
    fn run(
        &self,
        stream: Stream,
        mask: &AttentionMask,
        weights: Option<&mut Vec<Tensor<4>>>,
        mode: Mode,
    ) -> Stream {
        let (attn_mode, ff_mode) = (mode.stream("self_attn"), mode.stream("feed_forward"));
        let attend = |x: Tensor<3>| {
            if let Some(weights) = weights {
                weights.push(self.self_attn.self_attention_weights(x.clone(), mask));
            }
            self.self_attn.self_attention(x, mask, None, attn_mode)
        };
        let forward = |x| self.feed_forward.forward(x, ff_mode);
        let self_attn = Connection {
            name: "self_attn",
            norm: Some(&self.self_attn_norm),
            output_norm: self.self_attn_output_norm.as_ref(),
            order: self.norm_order,
            dropout: self.dropout,
        };
        let feed_forward = Connection {
            name: "feed_forward",
            norm: self.feed_forward_norm.as_ref(),
            output_norm: self.feed_forward_output_norm.as_ref(),
            ..self_attn
        };
        match self.norm_order {
            NormOrder::Parallel => {
                let connections = [self_attn, feed_forward];
                parallel(stream, connections, [attn_mode, ff_mode], attend, forward)
            }
            NormOrder::Pre | NormOrder::Post | NormOrder::Sandwich => {
                let stream = sub_layer(stream, self_attn, attn_mode, attend);
                sub_layer(stream, feed_forward, ff_mode, forward)
            }
        }
    }
}

/// A stack of identical encoder layers, which may share their weights (Lan et al. 2020, section 3.1).
#[derive(Module, Debug)]
pub struct Encoder {
    /// The position bias of self-attention in every layer.
    pub position_bias: Option<PositionBias>,
    /// The layers, first to last; if there are fewer than `n_layers`, consecutive layers share weights.
    pub layers: Vec<EncoderLayer>,
    /// The norm after the last layer, in every order except post-norm.
    pub final_norm: Option<Norm>,
    #[module(skip)]
    pub(crate) n_layers: usize,
    #[module(skip)]
    pub(crate) window: Option<usize>,
    #[module(skip)]
    pub(crate) layer_drop: f32,
    #[module(skip)]
    pub(crate) checkpointing: bool,
}

linears!(Encoder { layers });

impl Encoder {
    /// Sets whether training saves only the inputs of the layers and computes each layer again in the backward pass.
    #[must_use]
    pub fn with_checkpointing(self, checkpointing: bool) -> Self {
        Self { checkpointing, ..self }
    }

    /// The encoder's output.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, src_len, d_model]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the mask does not match it.
    pub fn forward(&self, x: Tensor<3>, mask: &AttentionMask, mode: Mode) -> Tensor<3> {
        let (mask, bias) = self.mask(&x, mask);
        let stream = if self.checkpointing && mode != Mode::Eval {
            self.run_checkpointed(x, &mask, bias, mode)
        } else {
            let mask = with_bias(&mask, bias);
            self.run(x, mode, |layer, stream, mode| layer.run(stream, &mask, None, mode))
        };
        stream.finish_with(self.final_norm.as_ref())
    }

    /// The encoder's output, as that of [`forward`](Self::forward) at inference, and the attention weights of each layer.
    /// Unlike `forward`, this takes memory for every query-key pair of every layer.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, src_len, d_model]`
    /// - weights: `[batch, n_heads, src_len, src_len]` for each of the `n_layers` layers
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the mask does not match it.
    pub fn forward_with_attention(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
    ) -> (Tensor<3>, Vec<Tensor<4>>) {
        let (mask, bias) = self.mask(&x, mask);
        let mask = with_bias(&mask, bias);
        let mut weights = Vec::with_capacity(self.n_layers);
        let stream = self.run(x, Mode::Eval, |layer, stream, mode| {
            layer.run(stream, &mask, Some(&mut weights), mode)
        });
        (stream.finish_with(self.final_norm.as_ref()), weights)
    }

    /// The mask and the position bias of the input `x`.
    fn mask(&self, x: &Tensor<3>, mask: &AttentionMask) -> (AttentionMask, Option<Tensor<4>>) {
        let [_, src_len, _] = x.dims();
        if let Some(layer) = self.layers.first() {
            check_features("an encoder", x, layer.self_attn.d_model());
        }
        let bias =
            self.position_bias.as_ref().map(|bias| bias.forward(0, src_len, src_len, &x.device()));
        (stack::mask(mask.clone(), self.window, src_len), bias)
    }

    /// Runs the layers.
    fn run(
        &self,
        x: Tensor<3>,
        mode: Mode,
        mut forward: impl FnMut(&EncoderLayer, Stream, Mode) -> Stream,
    ) -> Stream {
        (0..self.n_layers).fold(Stream::new(x), |stream, index| {
            let layer = &self.layers[index * self.layers.len() / self.n_layers];
            let mode = mode.index(index);
            if is_dropped(mode, self.layer_drop) { stream } else { forward(layer, stream, mode) }
        })
    }

    /// Runs the layers with gradient checkpointing.
    fn run_checkpointed(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        bias: Option<Tensor<4>>,
        mode: Mode,
    ) -> Stream {
        let has_bias = bias.is_some();
        let bias = stack::pack(bias, &x.device());
        self.run(x, mode, |layer, stream, mode| {
            let (mask, inputs) = (mask.clone(), [stream.finish(), bias.clone()]);
            Stream::new(checkpoint(layer, inputs, move |layer, [x, bias]| {
                let bias = has_bias.then(|| bias.unsqueeze());
                layer.forward(x, &with_bias(&mask, bias), mode)
            }))
        })
    }
}
