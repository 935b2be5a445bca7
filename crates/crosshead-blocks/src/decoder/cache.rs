//! The cache of incremental decoding.

use burn::tensor::{Int, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache};

/// The input of cross-attention: the encoder's output and its mask.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `[batch, src_len, d_model]`
    pub states: Tensor<3>,
    /// The positions that cross-attention may attend to.
    pub mask: AttentionMask,
}

/// The cache of incremental decoding: keys and values of each layer.
#[derive(Clone, Debug)]
pub struct DecoderCache {
    pub(super) layers: Vec<LayerCache>,
    mask: AttentionMask,
    memory_mask: Option<AttentionMask>,
}

#[derive(Clone, Debug)]
pub(super) struct LayerCache {
    pub(super) positions: KvCache,
    pub(super) memory: Option<KeyValue>,
}

impl DecoderCache {
    /// An empty cache for up to `capacity` positions; `memories` are each layer's keys and values of the memory.
    pub(super) fn new(
        memories: impl Iterator<Item = Option<KeyValue>>,
        mask: AttentionMask,
        memory_mask: Option<AttentionMask>,
        capacity: usize,
    ) -> Self {
        let layers =
            memories.map(|memory| LayerCache { positions: KvCache::new(capacity), memory });
        Self { layers: layers.collect(), mask, memory_mask }
    }

    /// Number of cached positions.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.positions.len())
    }

    /// Whether no position is cached.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The mask of self-attention, applied in addition to the causal mask.
    pub(super) fn mask(&self) -> AttentionMask {
        self.mask.clone()
    }

    /// The mask of cross-attention.
    pub(super) fn memory_mask(&self) -> Option<AttentionMask> {
        self.memory_mask.clone()
    }

    /// Reorders the rows: the new row i is the old row `rows[i]`. Rows may be repeated, dropped or permuted.
    pub fn reorder(&mut self, rows: &Tensor<1, Int>) {
        self.reorder_positions(rows);
        self.select_memory(rows);
    }

    /// Like [`reorder`](Self::reorder), but without the memory. For permutations among rows with the same source, such
    /// as the beams of a sentence.
    pub fn reorder_positions(&mut self, rows: &Tensor<1, Int>) {
        self.mask = self.mask.select(rows.clone());
        for layer in &mut self.layers {
            layer.positions.reorder(rows);
        }
    }

    /// Selects rows of the memory: the new row i is the old row `rows[i]`.
    ///
    /// Adjacent rows of the cache can share a row of the memory, if each row of the memory has the same number of them.
    pub fn select_memory(&mut self, rows: &Tensor<1, Int>) {
        self.memory_mask = self.memory_mask.take().map(|mask| mask.select(rows.clone()));
        for layer in &mut self.layers {
            layer.memory = layer.memory.take().map(|memory| memory.select(rows.clone()));
        }
    }

    /// Discards all positions after the first `len`.
    ///
    /// # Panics
    /// If fewer than `len` positions are cached.
    pub fn truncate(&mut self, len: usize) {
        for layer in &mut self.layers {
            layer.positions.truncate(len);
        }
    }
}
