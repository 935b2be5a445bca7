//! Generation of texts longer than the model's maximum length.

use crosshead_generate::{Rollback, StepModel};
use crosshead_models::{CausalLm, CausalSteps};

/// Decoding steps with a context window for each text: when the window exceeds the model's maximum length, decoding
/// restarts with the last half of the window.
///
/// The first step feeds the last token of each prompt.
pub(super) struct WindowSteps<'a> {
    model: &'a CausalLm,
    steps: CausalSteps<'a>,
    /// The tokens in the window of each text.
    windows: Vec<Vec<u32>>,
    /// Number of columns in the cache after the next step.
    columns: usize,
}

impl<'a> WindowSteps<'a> {
    /// Processes the prompts, each of at least one token and at most the model's maximum length.
    pub(super) fn new(model: &'a CausalLm, mut prompts: Vec<Vec<u32>>) -> Self {
        let (steps, columns) = read(model, &prompts);
        for prompt in &mut prompts {
            prompt.pop();
        }
        Self { model, steps, windows: prompts, columns }
    }
}

impl StepModel for WindowSteps<'_> {
    fn vocab_size(&self) -> usize {
        self.steps.vocab_size()
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        for (window, &token) in self.windows.iter_mut().zip(tokens) {
            window.push(token);
        }
        let max_len = self.model.config().stack.max_len;
        if self.columns > max_len {
            for window in self.windows.iter_mut().filter(|window| window.len() > max_len) {
                window.drain(..window.len() - max_len.div_ceil(2));
            }
            (self.steps, self.columns) = read(self.model, &self.windows);
        }
        self.columns += 1;
        self.steps.step(tokens)
    }

    /// # Panics
    /// If the windows would have to move on between the tokens; see [`room`](Rollback::room).
    fn step_many(&mut self, tokens: &[u32], count: usize) -> Vec<f32> {
        if count == 1 {
            return self.step(tokens);
        }
        assert!(count <= self.room(), "{count} tokens do not fit into the window");
        for (window, tokens) in self.windows.iter_mut().zip(tokens.chunks(count)) {
            window.extend(tokens);
        }
        self.columns += count;
        self.steps.step_many(tokens, count)
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.windows = rows.iter().map(|&row| self.windows[row].clone()).collect();
        self.steps.reorder(rows);
    }
}

impl Rollback for WindowSteps<'_> {
    fn rollback(&mut self, count: usize) {
        for window in &mut self.windows {
            window.truncate(window.len() - count);
        }
        self.columns -= count;
        self.steps.rollback(count);
    }

    fn room(&self) -> usize {
        (self.model.config().stack.max_len + 1).saturating_sub(self.columns)
    }
}

/// The state of the model after the texts, and the number of columns in its cache.
fn read<'a>(model: &'a CausalLm, texts: &[Vec<u32>]) -> (CausalSteps<'a>, usize) {
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    let capacity = model.config().stack.max_len - longest;
    (CausalSteps::new(model, texts, capacity), longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use crosshead_kernels::Mode;
    use crosshead_models::{CausalLmConfig, PositionKind, StackConfig, TokenBatch};

    const VOCAB_SIZE: usize = 13;
    const MAX_LEN: usize = 9;

    fn model() -> CausalLm {
        let config = CausalLmConfig {
            vocab_size: VOCAB_SIZE,
            stack: StackConfig {
                d_model: 16,
                d_ff: 20,
                n_heads: 4,
                positions: PositionKind::Learned { offset: 0 },
                max_len: MAX_LEN,
                dropout: 0.0,
                ..StackConfig::default()
            },
            n_layers: 2,
            tied_output: false,
            bos_id: None,
            eos_id: None,
            pad_id: None,
        };
        config.init(1, &Device::flex())
    }

    /// The logits after a text, without a cache.
    fn logits(model: &CausalLm, ids: &[u32]) -> Vec<f32> {
        let states = model.forward(TokenBatch { ids, lengths: &[ids.len()] }, Mode::Eval);
        let logits = model.logits(states).into_data().try_into_vec::<f32>().unwrap();
        logits[logits.len() - VOCAB_SIZE..].to_vec()
    }

    #[test]
    fn a_text_that_exceeds_the_maximum_length_continues_from_its_last_half() {
        let model = model();
        let mut texts = vec![vec![3, 1, 4, 1, 5, 9, 2], vec![6, 5], vec![3, 5, 8, 9]];
        let mut steps = WindowSteps::new(&model, texts.clone());
        let mut tokens: Vec<u32> = texts.iter().map(|text| text[text.len() - 1]).collect();
        for step in 0..3 * MAX_LEN as u32 {
            let found = steps.step(&tokens);
            for (text, found) in texts.iter().zip(found.chunks(VOCAB_SIZE)) {
                for (found, expected) in found.iter().zip(logits(&model, text)) {
                    assert!((found - expected).abs() < 1e-4, "step {step}, {text:?}");
                }
            }
            if step == 4 {
                // The longest text ends.
                steps.reorder(&[1, 2]);
                texts.remove(0);
            }
            tokens = (0..texts.len() as u32).map(|row| (step * 7 + row * 3) % 13).collect();
            for (text, &token) in texts.iter_mut().zip(&tokens) {
                text.push(token);
                if text.len() > MAX_LEN {
                    text.drain(..text.len() - MAX_LEN.div_ceil(2));
                }
            }
        }
    }
}
