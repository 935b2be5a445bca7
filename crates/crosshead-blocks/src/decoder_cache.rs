//! What decoding remembers between two steps.

use burn::tensor::{Int, Tensor};
use crosshead_attention::{AttentionMask, KeyValue, KvCache};

use crate::Decoder;

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
    pub(crate) layers: Vec<LayerCache>,
    mask: AttentionMask,
    memory_mask: Option<AttentionMask>,
}

#[derive(Clone, Debug)]
pub(crate) struct LayerCache {
    pub(crate) positions: KvCache,
    pub(crate) memory: Option<KeyValue>,
}

impl Decoder {
    /// What decoding needs: every layer's keys and values of the memory, and room for `capacity` positions.
    ///
    /// `mask` says what self-attention may see besides causality: with rows padded on the left, where each begins.
    ///
    /// # Panics
    /// If there is a memory and no cross-attention, or cross-attention and no memory; if the memory has other than `d_model`
    /// features.
    pub fn start(
        &self,
        memory: Option<&Memory>,
        mask: AttentionMask,
        capacity: usize,
    ) -> DecoderCache {
        let layers = self.layers.iter().map(|layer| LayerCache {
            positions: KvCache::new(capacity),
            memory: layer.project_memory(memory),
        });
        DecoderCache {
            layers: layers.collect(),
            mask,
            memory_mask: memory.map(|memory| memory.mask.clone()),
        }
    }
}

impl DecoderCache {
    /// The number of positions seen.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.positions.len())
    }

    /// Whether no position was seen yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What self-attention may see besides causality.
    pub(crate) fn mask(&self) -> AttentionMask {
        self.mask.clone()
    }

    /// What cross-attention may see.
    pub(crate) fn memory_mask(&self) -> Option<AttentionMask> {
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
