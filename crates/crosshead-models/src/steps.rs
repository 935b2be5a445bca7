//! Decoding step by step.

use burn::tensor::{Int, Tensor};
use crosshead_blocks::DecoderCache;
use crosshead_generate::{Rollback, StepModel};
use crosshead_kernels::in_pool;

use crate::tokens::id_tensor;
use crate::{CausalLm, EncoderDecoder, Memory, TokenBatch};

/// Incremental decoding with an [`EncoderDecoder`]: a [`StepModel`] with the state of a batch of sources.
pub struct DecoderSteps<'a> {
    model: &'a EncoderDecoder,
    cache: DecoderCache,
    /// The source of each row.
    sources: Vec<usize>,
    /// The source of each row of the memory in the cache.
    memory: Vec<usize>,
}

impl<'a> DecoderSteps<'a> {
    /// Starts decoding at most `max_len` tokens for each row of the memory.
    pub fn new(model: &'a EncoderDecoder, memory: Memory, max_len: usize) -> Self {
        let sources: Vec<usize> = (0..memory.states.dims()[0]).collect();
        let cache = model.start(&memory, max_len);
        Self { model, cache, memory: sources.clone(), sources }
    }
}

impl StepModel for DecoderSteps<'_> {
    fn vocab_size(&self) -> usize {
        self.model.config().vocab_size
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        self.step_many(tokens, 1)
    }

    fn step_many(&mut self, tokens: &[u32], count: usize) -> Vec<f32> {
        let lengths = vec![count; tokens.len() / count];
        let input = TokenBatch { ids: tokens, lengths: &lengths };
        let Self { model, cache, .. } = self;
        in_pool(|| host(model.logits(model.decode_cached(input, cache))))
    }

    fn reorder(&mut self, rows: &[usize]) {
        let device = self.model.device();
        self.cache.reorder_positions(&row_tensor(rows, &device));
        self.sources = rows.iter().map(|&row| self.sources[row]).collect();
        let memory = memory_rows(&self.sources);
        if memory != self.memory {
            let row = |source| self.memory.iter().position(|held| held == source);
            let rows: Vec<usize> = memory.iter().filter_map(row).collect();
            self.cache.select_memory(&row_tensor(&rows, &device));
            self.memory = memory;
        }
    }
}

/// The sources of the rows of a memory for rows with the given sources: one row for each source, if all have the same
/// number of adjacent rows, as the beams of sentences do; otherwise one for each row.
fn memory_rows(sources: &[usize]) -> Vec<usize> {
    let mut distinct = sources.to_vec();
    distinct.dedup();
    let rows = sources.len() / distinct.len().max(1);
    let repeated = distinct.iter().flat_map(|&source| std::iter::repeat_n(source, rows));
    if repeated.eq(sources.iter().copied()) { distinct } else { sources.to_vec() }
}

impl Rollback for DecoderSteps<'_> {
    fn rollback(&mut self, count: usize) {
        let fed = self.cache.len();
        assert!(count <= fed, "cannot discard {count} of {fed} tokens");
        self.cache.truncate(fed - count);
    }
}

/// Incremental decoding with a [`CausalLm`]: a [`StepModel`] with the state of a batch of prompts.
///
/// Shorter prompts are padded on the left, so that all rows continue in the same column.
pub struct CausalSteps<'a> {
    model: &'a CausalLm,
    cache: DecoderCache,
    /// The number of padding columns before each row.
    padding: Vec<usize>,
    /// The number of columns of the prompts.
    prompt_len: usize,
    /// The logits after the prompts, until the first step returns them.
    prompt_logits: Option<Vec<f32>>,
}

impl<'a> CausalSteps<'a> {
    /// Runs the model on the prompts and allocates a cache for at most `max_len` more tokens each.
    ///
    /// The first step returns the logits after the prompts; its start token is ignored.
    ///
    /// # Panics
    /// If there is no prompt, a prompt is empty, or an id is outside the vocabulary.
    pub fn new(model: &'a CausalLm, prompts: &[Vec<u32>], max_len: usize) -> Self {
        assert!(!prompts.is_empty(), "at least one prompt is needed");
        if let Some(row) = prompts.iter().position(Vec::is_empty) {
            panic!("prompt {row} is empty: start it with the begin-of-sequence token");
        }
        let longest = prompts.iter().map(Vec::len).max().unwrap_or(0);
        let padding: Vec<usize> = prompts.iter().map(|prompt| longest - prompt.len()).collect();
        let filler = model.config.pad_id.unwrap_or(0);
        let ids: Vec<u32> = prompts
            .iter()
            .zip(&padding)
            .flat_map(|(prompt, &n)| std::iter::repeat_n(filler, n).chain(prompt.iter().copied()))
            .collect();
        let mut cache = model.start(&padding, longest + max_len);
        let prompt_logits = Some(in_pool(|| {
            let states = model.forward_cached(&ids, &padding, &mut cache);
            host(model.logits(states.narrow(1, longest - 1, 1)))
        }));
        Self { model, cache, padding, prompt_len: longest, prompt_logits }
    }

    /// Runs the model on the next tokens, the same number in each row, and returns the logits after each.
    fn advance(&mut self, tokens: &[u32]) -> Vec<f32> {
        let Self { model, cache, padding, .. } = self;
        in_pool(|| host(model.logits(model.forward_cached(tokens, padding, cache))))
    }
}

impl StepModel for CausalSteps<'_> {
    fn vocab_size(&self) -> usize {
        self.model.config().vocab_size
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        self.step_many(tokens, 1)
    }

    fn step_many(&mut self, tokens: &[u32], count: usize) -> Vec<f32> {
        let Some(first) = self.prompt_logits.take() else { return self.advance(tokens) };
        // The first token of each row is its start token.
        let rest: Vec<u32> = tokens.chunks(count).flat_map(|row| &row[1..]).copied().collect();
        if rest.is_empty() {
            return first;
        }
        let (rest, vocab_size) = (self.advance(&rest), self.vocab_size());
        let rows = first.chunks(vocab_size).zip(rest.chunks((count - 1) * vocab_size));
        rows.flat_map(|(first, rest)| [first, rest].concat()).collect()
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.padding = rows.iter().map(|&row| self.padding[row]).collect();
        self.cache.reorder(&row_tensor(rows, &self.model.device()));
    }
}

impl Rollback for CausalSteps<'_> {
    /// # Panics
    /// If it discards the first token after the prompts: that token stands for the prompt and is not in the cache.
    fn rollback(&mut self, count: usize) {
        let fed = self.cache.len() - self.prompt_len;
        assert!(count <= fed, "cannot discard {count} of {fed} tokens after the first");
        self.cache.truncate(self.cache.len() - count);
    }
}

/// Copies logits to the host.
fn host(logits: Tensor<3>) -> Vec<f32> {
    logits.into_data().try_into_vec::<f32>().expect("logits are f32")
}

fn row_tensor(rows: &[usize], device: &burn::tensor::Device) -> Tensor<1, Int> {
    let rows: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
    id_tensor(&rows, device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_with_the_same_number_of_adjacent_rows_share_a_memory() {
        for (sources, expected) in [
            (&[0, 1, 2][..], &[0, 1, 2][..]),
            (&[0, 0, 2, 2], &[0, 2]),
            (&[3, 3, 3], &[3]),
            (&[0, 0, 2], &[0, 0, 2]),
            (&[0, 2, 2, 2], &[0, 2, 2, 2]),
            (&[0, 1, 0, 1], &[0, 1, 0, 1]),
            (&[0, 0, 1, 1, 0, 0], &[0, 1, 0]),
        ] {
            assert_eq!(memory_rows(sources), expected, "{sources:?}");
        }
    }
}
