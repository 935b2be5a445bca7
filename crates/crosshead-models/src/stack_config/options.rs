//! The constructor and the options of a stack configuration.

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;

use super::{PositionKind, StackConfig};

impl StackConfig {
    /// Layers of the given sizes; everything else is as in the paper's base model (Vaswani et al. 2017, table 3).
    pub fn new(d_model: usize, n_heads: usize, d_ff: usize) -> Self {
        Self { d_model, n_heads, d_ff, ..Self::default() }
    }

    setters! {
        /// Sets the number of key/value heads (default: `n_heads`).
        with_n_kv_heads(n_kv_heads: Some(usize));
        /// Sets the width of a head (default: `d_model / n_heads`).
        with_d_head(d_head: Some(usize));
        /// Sets the factor of QKᵀ (default: 1/√`d_head`).
        with_attention_scale(attention_scale: Some(f32));
        /// Sets the soft cap of attention scores (default: none).
        with_attention_soft_cap(attention_soft_cap: Some(f32));
        /// Sets whether queries and keys are normalized (default: false).
        with_qk_norm(qk_norm: bool);
        /// Sets whether the query, key and value projections have biases (default: true).
        with_qkv_bias(qkv_bias: bool);
        /// Sets whether the output projection of attention has a bias (default: true).
        with_attention_out_bias(attention_out_bias: bool);
        /// Sets the window of self-attention (default: unlimited).
        with_window(window: Some(usize));
        /// Sets the position encoding (default: concatenated sinusoids).
        with_positions(positions: PositionKind);
        /// Sets the maximum length in tokens (default: 512).
        with_max_len(max_len: usize);
        /// Sets the kind of normalization (default: layer norm).
        with_norm(norm: NormKind);
        /// Sets the order of norm and residual (default: post-norm).
        with_norm_order(norm_order: NormOrder);
        /// Sets the ε of every norm (default: 1e-5).
        with_norm_epsilon(norm_epsilon: f32);
        /// Sets whether the embeddings are normalized (default: false).
        with_embedding_norm(embedding_norm: bool);
        /// Sets whether the embeddings are multiplied by √`d_model` (default: true).
        with_scale_embedding(scale_embedding: bool);
        /// Sets the activation of the feed-forward network (default: ReLU).
        with_activation(activation: Activation);
        /// Sets whether the feed-forward network is gated (default: false).
        with_gated(gated: bool);
        /// Sets whether the feed-forward network has biases (default: true).
        with_feed_forward_bias(feed_forward_bias: bool);
        /// Sets the dropout probability of the output of each sub-layer (default: 0.1).
        with_dropout(dropout: f32);
        /// Sets the dropout probability of the embeddings (default: `dropout`).
        with_embedding_dropout(embedding_dropout: Some(f32));
        /// Sets the dropout probability of attention weights (default: 0).
        with_attention_dropout(attention_dropout: f32);
        /// Sets the dropout probability inside the feed-forward network (default: 0).
        with_activation_dropout(activation_dropout: f32);
        /// Sets the probability of skipping a layer in training (default: 0).
        with_layer_drop(layer_drop: f32);
        /// Sets whether training uses gradient checkpointing (default: false).
        with_checkpointing(checkpointing: bool);
    }
}
