//! What decoding remembers between two steps.

use burn::tensor::{Int, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache};

/// What cross-attention reads: the encoder's output, and which of its positions are real.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `[batch, src_len, d_model]`
    pub states: Tensor<3>,
    /// What cross-attention may look at.
    pub mask: AttentionMask,
}

/// What decoding remembers between two steps, for each layer.
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
    /// A cache that has seen no position: for each layer its keys and values of the memory, and room for `capacity`
    /// positions.
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

    /// The number of positions seen.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.positions.len())
    }

    /// Whether no position was seen yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What self-attention may see besides causality.
    pub(super) fn mask(&self) -> AttentionMask {
        self.mask.clone()
    }

    /// What cross-attention may see.
    pub(super) fn memory_mask(&self) -> Option<AttentionMask> {
        self.memory_mask.clone()
    }

    /// Row i becomes what row `rows[i]` was; rows may repeat, move or fall away.
    pub fn reorder(&mut self, rows: &Tensor<1, Int>) {
        self.reorder_positions(rows);
        self.memory_mask = self.memory_mask.take().map(|mask| mask.select(rows.clone()));
        for layer in &mut self.layers {
            layer.memory = layer.memory.take().map(|memory| memory.select(rows.clone()));
        }
    }

    /// As [`reorder`](Self::reorder), where every row keeps its memory: rows change places among those that read the
    /// same source, as the beams of a sentence do.
    pub fn reorder_positions(&mut self, rows: &Tensor<1, Int>) {
        self.mask = self.mask.select(rows.clone());
        for layer in &mut self.layers {
            layer.positions.reorder(rows);
        }
    }
}
