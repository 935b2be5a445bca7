//! Multi-head attention.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_kernels::{
    AttentionOptions, Linear, Mode, RmsNorm, attention, attention_weights, linears,
};
use crosshead_position::Rotary;

use crate::{AttentionMask, KeyValue, KvCache};

/// MultiHead(Q, K, V) = Concat(head₁, …, headₕ)·W^O (Vaswani et al. 2017, section 3.2.2).
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// W^Q of all heads.
    pub q_proj: Linear,
    /// W^K of all key/value heads.
    pub k_proj: Linear,
    /// W^V of all key/value heads.
    pub v_proj: Linear,
    /// The norm of the queries of each head.
    pub q_norm: Option<RmsNorm>,
    /// The norm of the keys of each head.
    pub k_norm: Option<RmsNorm>,
    /// W^O.
    pub out_proj: Linear,
    /// Rotary embeddings of queries and keys in self-attention.
    pub rotary: Option<Rotary>,
    #[module(skip)]
    pub(crate) n_heads: usize,
    #[module(skip)]
    pub(crate) n_kv_heads: usize,
    #[module(skip)]
    pub(crate) scale: f32,
    #[module(skip)]
    pub(crate) soft_cap: Option<f32>,
    #[module(skip)]
    pub(crate) dropout: f32,
}

linears!(MultiHeadAttention { q_proj, k_proj, v_proj, out_proj });

impl MultiHeadAttention {
    /// The number of features of the model.
    pub fn d_model(&self) -> usize {
        self.q_proj.weight.lazy_shape()[1]
    }

    /// The number of features of a head.
    pub fn d_head(&self) -> usize {
        self.q_proj.weight.lazy_shape()[0] / self.n_heads
    }

    /// Self-attention. With a cache, the positions of `x` follow those of the cache.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, q_len, d_model]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the shape of the mask or the cache does not match.
    pub fn self_attention(
        &self,
        x: Tensor<3>,
        mask: &AttentionMask,
        cache: Option<&mut KvCache>,
        mode: Mode,
    ) -> Tensor<3> {
        self.check("x", &x);
        let start = cache.as_ref().map_or(0, |cache| cache.len());
        let (query, KeyValue { key, value }) = self.project_all(x, mode);
        let query = self.apply_rotary(query, start);
        let new = KeyValue { key: self.apply_rotary(key, start), value };
        let key_value = match cache {
            Some(cache) => cache.append(new),
            None => new,
        };
        self.attend(query, key_value, start, mask, mode)
    }

    /// Cross-attention to the projected keys and values of a memory.
    ///
    /// Adjacent rows of `x`, such as the beams of a sentence, can share a row of the memory: row i of `x` attends to
    /// row i·`sources`/`batch`.
    ///
    /// # Shapes
    /// - `x` and output: `[batch, q_len, d_model]`
    /// - `memory`: `[sources, k_len, n_kv_heads, d_head]` each, where `batch` is a multiple of `sources`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the shape of the mask or the memory does not match.
    pub fn cross_attention(
        &self,
        x: Tensor<3>,
        memory: KeyValue,
        mask: &AttentionMask,
        mode: Mode,
    ) -> Tensor<3> {
        self.check("x", &x);
        let ([batch, q_len, d_model], [sources, ..]) = (x.dims(), memory.key.dims());
        let x = if sources > 0 && batch.is_multiple_of(sources) {
            // Every query sees the whole memory, so rows that share a row of it are like positions of one row.
            x.reshape([sources, batch / sources * q_len, d_model])
        } else {
            x
        };
        self.check_memory(&x, &memory);
        let y = self.attend(self.project_query(x, mode), memory, 0, mask, mode);
        y.reshape([batch, q_len, d_model])
    }

    /// The self-attention weights, for visualization.
    ///
    /// # Shapes
    /// - `x`: `[batch, len, d_model]`
    /// - output: `[batch, n_heads, len, len]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the shape of the mask does not match.
    pub fn self_attention_weights(&self, x: Tensor<3>, mask: &AttentionMask) -> Tensor<4> {
        self.check("x", &x);
        let query = self.apply_rotary(self.project_query(x.clone(), Mode::Eval), 0);
        let key = self.apply_rotary(self.project_key_value(x, Mode::Eval).key, 0);
        self.weights(query, key, mask)
    }

    /// The cross-attention weights, for visualization.
    ///
    /// # Shapes
    /// - `x`: `[batch, q_len, d_model]`
    /// - output: `[batch, n_heads, q_len, k_len]`
    ///
    /// # Panics
    /// If `x` does not have `d_model` features, or the shape of the mask or the memory does not match.
    pub fn cross_attention_weights(
        &self,
        x: Tensor<3>,
        memory: KeyValue,
        mask: &AttentionMask,
    ) -> Tensor<4> {
        self.check("x", &x);
        self.check_memory(&x, &memory);
        self.weights(self.project_query(x, Mode::Eval), memory.key, mask)
    }

    /// The keys and values of a memory, to be computed once for all decoding steps.
    ///
    /// # Shapes
    /// - `memory`: `[batch, k_len, d_model]`
    /// - output: `[batch, k_len, n_kv_heads, d_head]` each
    ///
    /// # Panics
    /// If `memory` does not have `d_model` features.
    pub fn project_key_value(&self, memory: Tensor<3>, mode: Mode) -> KeyValue {
        self.check("memory", &memory);
        let key = project(&self.k_proj, memory.clone(), self.n_kv_heads, mode.stream("k_proj"));
        let value = project(&self.v_proj, memory, self.n_kv_heads, mode.stream("v_proj"));
        KeyValue { key: normalize(self.k_norm.as_ref(), key), value }
    }

    fn check(&self, name: &str, x: &Tensor<3>) {
        let ([.., features], d_model) = (x.dims(), self.d_model());
        assert!(
            features == d_model,
            "{name} {:?} of attention must have d_model ({d_model}) features: [batch, len, d_model]",
            x.dims()
        );
    }

    fn check_memory(&self, x: &Tensor<3>, memory: &KeyValue) {
        let ([batch, ..], key, value) = (x.dims(), memory.key.dims(), memory.value.dims());
        let expected = [batch, key[1], self.n_kv_heads, self.d_head()];
        assert!(
            key == expected && value == expected,
            "keys {key:?} and values {value:?} of a memory do not match x {:?}: they must be {expected:?}, [batch, k_len, \
             n_kv_heads, d_head]",
            x.dims()
        );
    }

    /// The queries, keys and values of the same positions.
    fn project_all(&self, x: Tensor<3>, mode: Mode) -> (Tensor<4>, KeyValue) {
        let [batch, len, d_model] = x.dims();
        let projections = [&self.q_proj, &self.k_proj, &self.v_proj];
        let rows = x.reshape([batch * len, d_model]);
        let [query, key, value] = Linear::forward_three(projections, rows, mode);
        let heads = |rows, n_heads| split(rows, [batch, len, n_heads]);
        let key = normalize(self.k_norm.as_ref(), heads(key, self.n_kv_heads));
        let query = normalize(self.q_norm.as_ref(), heads(query, self.n_heads));
        (query, KeyValue { key, value: heads(value, self.n_kv_heads) })
    }

    /// `[batch, q_len, n_heads, d_head]`
    fn project_query(&self, x: Tensor<3>, mode: Mode) -> Tensor<4> {
        normalize(
            self.q_norm.as_ref(),
            project(&self.q_proj, x, self.n_heads, mode.stream("q_proj")),
        )
    }

    /// Applies rotary embeddings, if any, to queries or keys starting at position `start`.
    fn apply_rotary(&self, heads: Tensor<4>, start: usize) -> Tensor<4> {
        match &self.rotary {
            Some(rotary) => rotary.forward(heads, start),
            None => heads,
        }
    }

    fn attend(
        &self,
        query: Tensor<4>,
        key_value: KeyValue,
        start: usize,
        mask: &AttentionMask,
        mode: Mode,
    ) -> Tensor<3> {
        let [batch, q_len, n_heads, d_head] = query.dims();
        let [_, k_len, ..] = key_value.key.dims();
        let options = self.options(mask, start);
        let bias = mask.bias([batch, n_heads, q_len, k_len]);
        let heads = attention(query, key_value.key, key_value.value, bias, options, mode);
        let rows = heads.reshape([batch * q_len, n_heads * d_head]);
        let y = self.out_proj.forward(rows, mode.stream("out_proj"));
        let [_, d_model] = y.dims();
        y.reshape([batch, q_len, d_model])
    }

    fn weights(&self, query: Tensor<4>, key: Tensor<4>, mask: &AttentionMask) -> Tensor<4> {
        let ([batch, q_len, n_heads, _], [_, k_len, ..]) = (query.dims(), key.dims());
        let bias = mask.bias([batch, n_heads, q_len, k_len]);
        attention_weights(query, key, bias, self.options(mask, 0))
    }

    fn options(&self, mask: &AttentionMask, start: usize) -> AttentionOptions {
        AttentionOptions {
            scale: self.scale,
            reach: mask.reach(start),
            soft_cap: self.soft_cap,
            dropout: self.dropout,
        }
    }
}

/// Projects to heads, `[batch, len, n_heads, d_head]`.
fn project(projection: &Linear, x: Tensor<3>, n_heads: usize, mode: Mode) -> Tensor<4> {
    let [batch, len, d_model] = x.dims();
    let rows = projection.forward(x.reshape([batch * len, d_model]), mode); // [batch · len, n_heads · d_head]
    split(rows, [batch, len, n_heads])
}

/// Splits rows into heads, `[batch, len, n_heads, d_head]`.
fn split(rows: Tensor<2>, [batch, len, n_heads]: [usize; 3]) -> Tensor<4> {
    let d_head = rows.dims()[1] / n_heads;
    rows.reshape([batch, len, n_heads, d_head])
}

/// Normalizes each head of each position.
fn normalize(norm: Option<&RmsNorm>, heads: Tensor<4>) -> Tensor<4> {
    let Some(norm) = norm else { return heads };
    let [batch, len, n_heads, d_head] = heads.dims();
    let rows = norm.forward(heads.reshape([batch * len * n_heads, d_head]));
    rows.reshape([batch, len, n_heads, d_head])
}
