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
    /// `n_heads` heads of d_model / n_heads features each, with biases and without dropout; the seed is 0.
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

    /// The factor of QKᵀ; T5 has 1. Default: 1/√d_head.
    pub fn with_scale(mut self, scale: f32) -> Self {
        self.scale = Some(scale);
        self
    }

    /// The bound of a score's size: s becomes c·tanh(s / c) (Gemma 2). Default: no bound.
    pub fn with_soft_cap(mut self, soft_cap: f32) -> Self {
        self.soft_cap = Some(soft_cap);
        self
    }

    /// Queries and keys normalized over the features of each head, before positions rotate them (Henry et al. 2020; Qwen 3),
    /// with ε added to the mean square. Default: not normalized.
    pub fn with_qk_norm(mut self, epsilon: f32) -> Self {
        self.qk_norm = Some(epsilon);
        self
    }

    /// Rotary positions of queries and keys, in self-attention alone. Default: none.
    pub fn with_rotary(mut self, rotary: RotaryConfig) -> Self {
        self.rotary = Some(rotary);
        self
    }

    /// The probability with which an attention weight is dropped in training. Default: 0.
    pub fn with_dropout(mut self, dropout: f32) -> Self {
        self.dropout = dropout;
        self
    }

    /// With or without biases in the four projections. Default: with.
    pub fn with_bias(self, bias: bool) -> Self {
        self.with_qkv_bias(bias).with_out_bias(bias)
    }

    /// With or without biases in the projections of queries, keys and values. Default: with.
    pub fn with_qkv_bias(self, bias: bool) -> Self {
        self.with_q_bias(bias).with_k_bias(bias).with_v_bias(bias)
    }

    /// With or without a bias in the projection of queries. Default: with.
    pub fn with_q_bias(mut self, bias: bool) -> Self {
        self.q_bias = bias;
        self
    }

    /// With or without a bias in the projection of keys; one changes no attention weight of plain scores, because it
    /// moves all scores of a query alike. Default: with.
    pub fn with_k_bias(mut self, bias: bool) -> Self {
        self.k_bias = bias;
        self
    }

    /// With or without a bias in the projection of values. Default: with.
    pub fn with_v_bias(mut self, bias: bool) -> Self {
        self.v_bias = bias;
        self
    }

    /// With or without a bias in the output projection. Default: with.
    pub fn with_out_bias(mut self, bias: bool) -> Self {
        self.out_bias = bias;
        self
    }

    /// The seed of the weights: each projection draws its own from it, and layers of one shape and one seed are equal.
    /// Default: 0.
    pub fn with_seed(self, seed: u64) -> Self {
        self.with_key(RandomKey::new(seed))
    }

    /// The stream of random numbers that the projections derive theirs from by name: a seed and the layer's place in a
    /// larger module. Default: that of seed 0.
    pub fn with_key(mut self, key: RandomKey) -> Self {
        self.key = key;
        self
    }

    /// Features of a position.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// Attention heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// Key/value heads.
    pub fn n_kv_heads(&self) -> usize {
        self.n_kv_heads
    }

    /// Features of a head.
    pub fn d_head(&self) -> usize {
        self.d_head.unwrap_or_else(|| self.d_model / self.n_heads.max(1))
    }

    /// The factor of QKᵀ.
    pub fn scale(&self) -> f32 {
        self.scale.unwrap_or((self.d_head() as f32).powf(-0.5))
    }

    /// The bound of a score's size.
    pub fn soft_cap(&self) -> Option<f32> {
        self.soft_cap
    }

    /// The ε of the norms of queries and keys, if they are normalized.
    pub fn qk_norm(&self) -> Option<f32> {
        self.qk_norm
    }

    /// Rotary positions, if there are any.
    pub fn rotary(&self) -> Option<&RotaryConfig> {
        self.rotary.as_ref()
    }

    /// The probability with which an attention weight is dropped in training.
    pub fn dropout(&self) -> f32 {
        self.dropout
    }

    /// Whether the projection of queries has a bias.
    pub fn q_bias(&self) -> bool {
        self.q_bias
    }

    /// Whether the projection of keys has a bias.
    pub fn k_bias(&self) -> bool {
        self.k_bias
    }

    /// Whether the projection of values has a bias.
    pub fn v_bias(&self) -> bool {
        self.v_bias
    }

    /// Whether the output projection has a bias.
    pub fn out_bias(&self) -> bool {
        self.out_bias
    }

    /// The layer, with Glorot-uniform weights and zero biases.
    ///
    /// # Panics
    /// If `d_model` is not a multiple of `n_heads` and no `d_head` is given, or `n_heads` not one of `n_kv_heads`; if rotary
    /// positions are for heads of another size.
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
                "rotary positions for heads of {} features do not fit d_head ({d_head})",
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
