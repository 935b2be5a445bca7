//! Decoding step by step.

use burn::tensor::{Int, Tensor, TensorData};
use crosshead_attention::AttentionMask;
use crosshead_blocks::DecoderCache;
use crosshead_generate::StepModel;

use crate::{EncoderDecoder, Memory, TokenBatch};

/// A batch of sentences being decoded: the model, what it read and what it wrote so far.
pub struct DecoderSteps<'a> {
    model: &'a EncoderDecoder,
    memory_mask: AttentionMask,
    cache: DecoderCache,
    /// The row of the first memory that each row reads.
    sources: Vec<usize>,
}

impl<'a> DecoderSteps<'a> {
    /// Decoding of at most `max_len` tokens for each row of the memory.
    pub fn new(model: &'a EncoderDecoder, memory: Memory, max_len: usize) -> Self {
        let sources = (0..memory.states.dims()[0]).collect();
        let cache = model.decoder.start(memory.states, max_len);
        Self { model, memory_mask: memory.mask, cache, sources }
    }
}

impl StepModel for DecoderSteps<'_> {
    fn vocab_size(&self) -> usize {
        self.model.config.vocab_size
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        let lengths = vec![1; tokens.len()];
        let input = TokenBatch { ids: tokens, lengths: &lengths };
        let states = self.model.decode_cached(input, &self.memory_mask, &mut self.cache);
        let logits = self.model.logits(states).into_data();
        logits.try_into_vec::<f32>().expect("logits are f32")
    }

    fn reorder(&mut self, rows: &[usize]) {
        let sources: Vec<usize> = rows.iter().map(|&row| self.sources[row]).collect();
        let ids: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let rows =
            Tensor::<1, Int>::from_data(TensorData::new(ids, [rows.len()]), &self.model.device());
        if sources == self.sources {
            // Beams of one sentence changed places: the memory, which is most of the cache, stays.
            self.cache.reorder_positions(&rows);
        } else {
            self.cache.reorder(&rows);
            self.memory_mask = self.memory_mask.select(rows);
            self.sources = sources;
        }
    }
}
