//! Multi-head attention.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use crosshead_kernels::{AttentionOptions, Linear, LinearConfig, Mode, attention};

use crate::{AttentionMask, KeyValue, KvCache};

/// Configuration of [`MultiHeadAttention`].
#[derive(Clone, Debug)]
pub struct MultiHeadAttentionConfig {
    d_model: usize,
    n_heads: usize,
    n_kv_heads: usize,
    dropout: f32,
    bias: bool,
}

impl MultiHeadAttentionConfig {
    /// `n_heads` heads of d_model / n_heads features each, with biases and without dropout.
    pub fn new(d_model: usize, n_heads: usize) -> Self {
        Self { d_model, n_heads, n_kv_heads: n_heads, dropout: 0.0, bias: true }
    }

    /// The number of key/value heads: fewer than `n_heads` is grouped-query attention (Ainslie et al. 2023), one is
    /// multi-query attention (Shazeer 2019).
    pub fn with_n_kv_heads(mut self, n_kv_heads: usize) -> Self {
        self.n_kv_heads = n_kv_heads;
        self
    }

    /// The probability with which an attention weight is dropped in training.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// With or without biases in the four projections.
    pub fn with_bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// The layer, with Glorot-uniform weights and zero biases.
    ///
    /// # Panics
    /// If `d_model` is not a multiple of `n_heads`, or `n_heads` of `n_kv_heads`.
    pub fn init(&self, device: &Device) -> MultiHeadAttention {
        let Self { d_model, n_heads, n_kv_heads, .. } = *self;
        assert!(
            n_heads > 0 && d_model % n_heads == 0,
            "d_model ({d_model}) must be divisible by n_heads ({n_heads})"
        );
        assert!(
            n_kv_heads > 0 && n_heads % n_kv_heads == 0,
            "n_heads ({n_heads}) must be divisible by n_kv_heads ({n_kv_heads})"
        );
        let d_kv = d_model / n_heads * n_kv_heads;
        let projection = |d_in, d_out, seed| {
            LinearConfig::new(d_in, d_out).with_bias(self.bias).with_seed(seed).init(device)
        };
        MultiHeadAttention {
            q_proj: projection(d_model, d_model, 0),
            k_proj: projection(d_model, d_kv, 1),
            v_proj: projection(d_model, d_kv, 2),
            out_proj: projection(d_model, d_model, 3),
            n_heads,
            n_kv_heads,
            dropout: self.dropout,
        }
    }
}

/// MultiHead(Q, K, V) = Concat(head₁, …, headₕ)·W^O (Vaswani et al. 2017, section 3.2.2).
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// W^Q of all heads, `[d_model, d_model]`.
    pub q_proj: Linear,
    /// W^K of all heads, `[n_kv_heads · d_head, d_model]`.
    pub k_proj: Linear,
    /// W^V of all heads, `[n_kv_heads · d_head, d_model]`.
    pub v_proj: Linear,
    /// W^O, `[d_model, d_model]`.
    pub out_proj: Linear,
    #[module(skip)]
    n_heads: usize,
    #[module(skip)]
    n_kv_heads: usize,
    #[module(skip)]
    dropout: f32,
}

impl MultiHeadAttention {
    /// Self-attention; with a cache, `x` continues the positions the cache has seen.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, q_len, d_model]`
    ///
    /// # Panics
    /// If the mask or the cache does not fit `x`.
    pub fn self_attention(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        cache: Option<&mut KvCache>,
        mode: Mode,
    ) -> Tensor<3> {
        let new = self.project_key_value(x.clone());
        let (start, seen) = match cache {
            Some(cache) => (cache.len(), cache.append(new)),
            None => (0, new),
        };
        self.attend(x, seen, start, mask, mode)
    }

    /// Cross-attention to the projected keys and values of a memory.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, q_len, d_model]`
    ///
    /// # Panics
    /// If the mask or the memory does not fit `x`.
    pub fn cross_attention(
        &self,
        x: Tensor<3>,
        memory: KeyValue,
        mask: &AttentionMask,
        mode: Mode,
    ) -> Tensor<3> {
        self.attend(x, memory, 0, mask, mode)
    }

    /// The keys and values of a memory, computed once for all steps of decoding.
    ///
    /// # Shapes
    /// - `memory`: `[batch, k_len, d_model]`
    /// - output: `[batch, k_len, n_kv_heads, d_head]` each
    pub fn project_key_value(&self, memory: Tensor<3>) -> KeyValue {
        let [batch, k_len, d_model] = memory.dims();
        let rows = memory.reshape([batch * k_len, d_model]);
        let heads = |x: Tensor<2>| {
            let d_head = x.dims()[1] / self.n_kv_heads;
            x.reshape([batch, k_len, self.n_kv_heads, d_head]) // [batch, k_len, n_kv_heads, d_head]
        };
        KeyValue {
            key: heads(self.k_proj.forward(rows.clone())),
            value: heads(self.v_proj.forward(rows)),
        }
    }

    fn attend(
        &self,
        x: Tensor<3>,
        seen: KeyValue,
        start: usize,
        mask: &AttentionMask,
        mode: Mode,
    ) -> Tensor<3> {
        let [batch, q_len, d_model] = x.dims();
        let d_head = d_model / self.n_heads;
        let rows = batch * q_len;
        let query = self.q_proj.forward(x.reshape([rows, d_model]));
        let query = query.reshape([batch, q_len, self.n_heads, d_head]); // [batch, q_len, n_heads, d_head]
        let options = AttentionOptions {
            scale: (d_head as f32).powf(-0.5),
            causal: mask.causal_offset(start),
            dropout: self.dropout,
        };
        let heads = attention(query, seen.key, seen.value, mask.bias(), options, mode);
        self.out_proj.forward(heads.reshape([rows, d_model])).reshape([batch, q_len, d_model])
    }
}
