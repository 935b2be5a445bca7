//! The options of scaled dot-product attention.

use std::ops::Range;

/// The options of scaled dot-product attention.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionOptions {
    /// The scale of QKᵀ; 1/√d_head in Vaswani et al. 2017.
    pub scale: f32,
    /// The keys that a query may attend to, based on their positions.
    pub reach: Reach,
    /// With `Some(c)`, a score s becomes c·tanh(s / c) before the bias is added (Gemma 2).
    ///
    /// With autodiff, this uses the plain implementation, which materializes the scores of all query-key pairs.
    pub soft_cap: Option<f32>,
    /// The dropout probability of an attention weight in training.
    pub dropout: f32,
}

impl AttentionOptions {
    /// The options with which every query attends to every key, without dropout.
    pub fn new(scale: f32) -> Self {
        Self { scale, reach: Reach::default(), soft_cap: None, dropout: 0.0 }
    }
}

/// The keys that a query may attend to, based on their positions: query i is at position `offset + i`, key j at
/// position j.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The position of the first query.
    pub offset: usize,
    /// Whether keys after the query are hidden.
    pub causal: bool,
    /// With `Some(window)`, the query attends only to keys less than `window` positions away.
    pub window: Option<usize>,
}

impl Reach {
    /// Query i attends to its own position, `offset + i`, and to earlier ones.
    pub fn causal(offset: usize) -> Self {
        Self { offset, causal: true, window: None }
    }

    /// The range of keys, out of `k_len`, that query `query` may attend to.
    #[inline]
    pub fn keys(self, query: usize, k_len: usize) -> Range<usize> {
        let position = self.offset + query;
        let end = match (self.causal, self.window) {
            (true, _) => position + 1,
            (false, Some(window)) => position.saturating_add(window),
            (false, None) => k_len,
        };
        let start = self.window.map_or(0, |window| (position + 1).saturating_sub(window));
        start.min(k_len)..end.min(k_len).max(start.min(k_len))
    }

    /// Whether any key is hidden from any query.
    pub(crate) fn hides(self, q_len: usize, k_len: usize) -> bool {
        (0..q_len).any(|query| self.keys(query, k_len) != (0..k_len))
    }
}
