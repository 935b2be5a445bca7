//! The configuration of multi-head attention.

use burn::tensor::Device;
use crosshead_kernels::{LinearConfig, RandomKey, RmsNormConfig};
use crosshead_position::RotaryConfig;
use serde::{Deserialize, Serialize};

use crate::MultiHeadAttention;

/// Configuration of [`MultiHeadAttention`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiHeadAttentionConfig {
    d_model: usize,
    n_heads: usize,
    n_kv_heads: usize,
    d_head: Option<usize>,
    scale: Option<f32>,
    soft_cap: Option<f32>,
    qk_norm: Option<f32>,
    rotary: Option<RotaryConfig>,
    dropout: f32,
    q_bias: bool,
    k_bias: bool,
    v_bias: bool,
    out_bias: bool,
    key: RandomKey,
}

impl MultiHeadAttentionConfig {
    /// `n_heads` heads with d_model / n_heads features each, with biases, no dropout, and seed 0.
    pub fn new(d_model: usize, n_heads: usize) -> Self {
        Self {
            d_model,
            n_heads,
            n_kv_heads: n_heads,
            d_head: None,
            scale: None,
            soft_cap: None,
            qk_norm: None,
            rotary: None,
            dropout: 0.0,
            q_bias: true,
            k_bias: true,
            v_bias: true,
            out_bias: true,
            key: RandomKey::new(0),
        }
    }

    /// The number of key/value heads: fewer than `n_heads` is grouped-query attention (Ainslie et al. 2023), one is
    /// multi-query attention (Shazeer 2019). Default: `n_heads`.
    pub fn with_n_kv_heads(mut self, n_kv_heads: usize) -> Self {
        self.n_kv_heads = n_kv_heads;
        self
    }

    /// The features of a head. Default: d_model / n_heads.
    pub fn with_d_head(mut self, d_head: usize) -> Self {
        self.d_head = Some(d_head);
        self
    }

    /// The scale of QKᵀ (1 in T5). Default: 1/√d_head.
    pub fn with_scale(mut self, scale: f32) -> Self {
        self.scale = Some(scale);
        self
    }

    /// The soft cap c of the scores: a score s becomes c·tanh(s / c) (Gemma 2). Default: none.
    pub fn with_soft_cap(mut self, soft_cap: f32) -> Self {
        self.soft_cap = Some(soft_cap);
        self
    }

    /// Applies RMS norm with this ε to the queries and keys of each head, before rotary embeddings (Henry et al. 2020;
    /// Qwen 3). Default: no norm.
    pub fn with_qk_norm(mut self, epsilon: f32) -> Self {
        self.qk_norm = Some(epsilon);
        self
    }

    /// Applies rotary embeddings to queries and keys in self-attention. Default: none.
    pub fn with_rotary(mut self, rotary: RotaryConfig) -> Self {
        self.rotary = Some(rotary);
        self
    }

    /// The dropout probability of the attention weights. Default: 0.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// Whether the four projections have biases. Default: true.
    pub fn with_bias(self, bias: bool) -> Self {
        self.with_qkv_bias(bias).with_out_bias(bias)
    }

    /// Whether the query, key and value projections have biases. Default: true.
    pub fn with_qkv_bias(self, bias: bool) -> Self {
        self.with_q_bias(bias).with_k_bias(bias).with_v_bias(bias)
    }

    /// Whether the query projection has a bias. Default: true.
    pub fn with_q_bias(mut self, bias: bool) -> Self {
        self.q_bias = bias;
        self
    }

    /// Whether the key projection has a bias. Default: true.
    ///
    /// Without rotary embeddings, key norms or a soft cap it has no effect: it adds the same value to all scores of a
    /// query.
    pub fn with_k_bias(mut self, bias: bool) -> Self {
        self.k_bias = bias;
        self
    }

    /// Whether the value projection has a bias. Default: true.
    pub fn with_v_bias(mut self, bias: bool) -> Self {
        self.v_bias = bias;
        self
    }

    /// Whether the output projection has a bias. Default: true.
    pub fn with_out_bias(mut self, bias: bool) -> Self {
        self.out_bias = bias;
        self
    }

    /// The seed of the weights. Each projection derives a separate stream from it; layers with the same shape and seed
    /// have the same initial weights. Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// The random stream from which the projections derive their own streams by name: a seed and the layer's path in a
    /// larger module. Default: the stream of seed 0.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// The number of features of the model.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// The number of attention heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// The number of key/value heads.
    pub fn n_kv_heads(&self) -> usize {
        self.n_kv_heads
    }

    /// The number of features of a head.
    pub fn d_head(&self) -> usize {
        self.d_head.unwrap_or_else(|| self.d_model / self.n_heads.max(1))
    }

    /// The scale of QKᵀ.
    pub fn scale(&self) -> f32 {
        self.scale.unwrap_or((self.d_head() as f32).powf(-0.5))
    }

    /// The soft cap of the scores, if any.
    pub fn soft_cap(&self) -> Option<f32> {
        self.soft_cap
    }

    /// The ε of the query and key norms, if any.
    pub fn qk_norm(&self) -> Option<f32> {
        self.qk_norm
    }

    /// The configuration of the rotary embeddings, if any.
    pub fn rotary(&self) -> Option<&RotaryConfig> {
        self.rotary.as_ref()
    }

    /// The dropout probability of the attention weights.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// Whether the query projection has a bias.
    pub fn q_bias(&self) -> bool {
        self.q_bias
    }

    /// Whether the key projection has a bias.
    pub fn k_bias(&self) -> bool {
        self.k_bias
    }

    /// Whether the value projection has a bias.
    pub fn v_bias(&self) -> bool {
        self.v_bias
    }

    /// Whether the output projection has a bias.
    pub fn out_bias(&self) -> bool {
        self.out_bias
    }

    /// The random stream of the weights.
    pub fn key(&self) -> RandomKey {
        self.key
    }

    /// The layer, with Glorot-uniform weights and zero biases.
    ///
    /// # Panics
    /// If `d_model` is not a multiple of `n_heads` and `d_head` is not set, if `n_heads` is not a multiple of
    /// `n_kv_heads`, or if `d_head` of the rotary embeddings differs.
    pub fn init(&self, device: &Device) -> MultiHeadAttention {
        let Self { d_model, n_heads, n_kv_heads, .. } = *self;
        assert!(
            n_heads > 0 && (self.d_head.is_some() || d_model % n_heads == 0),
            "d_model ({d_model}) must be divisible by n_heads ({n_heads})"
        );
        assert!(
            n_kv_heads > 0 && n_heads % n_kv_heads == 0,
            "n_heads ({n_heads}) must be divisible by n_kv_heads ({n_kv_heads})"
        );
        let d_head = self.d_head();
        if let Some(rotary) = &self.rotary {
            assert!(
                rotary.d_head() == d_head,
                "rotary embeddings for d_head {} do not match the heads' d_head ({d_head})",
                rotary.d_head()
            );
        }
        let projection = |d_in, d_out, bias, name| {
            let key = self.key.stream(name);
            LinearConfig::new(d_in, d_out).with_bias(bias).with_key(key).init(device)
        };
        let norm = || {
            let epsilon = self.qk_norm?;
            Some(RmsNormConfig::new(d_head).with_epsilon(epsilon).init(device))
        };
        MultiHeadAttention {
            q_proj: projection(d_model, n_heads * d_head, self.q_bias, "q_proj"),
            k_proj: projection(d_model, n_kv_heads * d_head, self.k_bias, "k_proj"),
            v_proj: projection(d_model, n_kv_heads * d_head, self.v_bias, "v_proj"),
            q_norm: norm(),
            k_norm: norm(),
            out_proj: projection(n_heads * d_head, d_model, self.out_bias, "out_proj"),
            rotary: self.rotary.as_ref().map(RotaryConfig::init),
            n_heads,
            n_kv_heads,
            scale: self.scale(),
            soft_cap: self.soft_cap,
            dropout: self.dropout,
        }
    }
}
