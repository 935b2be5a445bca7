//! Running text as windows of tokens that can be masked.

use std::ops::Range;

use crosshead_data::{MaskedSequence, Masking};
use crosshead_tokenize::{Affixes, Tokenizer};

use super::sections::MaskUnit;
use crate::RunError;

/// A text as ids.
pub(super) struct MaskedText {
    pub(super) ids: Vec<u32>,
    /// The word of each id, if complete words are masked.
    words: Option<Vec<usize>>,
}

/// A window of a text with its special tokens.
pub(super) struct Window {
    pub(super) ids: Vec<u32>,
    words: Option<Vec<usize>>,
}

impl MaskedText {
    /// Encodes a text without special tokens.
    pub(super) fn encode(
        tokenizer: &Tokenizer,
        text: &str,
        unit: MaskUnit,
    ) -> Result<Self, RunError> {
        match unit {
            MaskUnit::Tokens => Ok(Self { ids: tokenizer.encode(text)?, words: None }),
            MaskUnit::WholeWords => {
                let encoding = tokenizer.encode_with_words(text)?;
                let words = encoding.words.into_iter().flatten().collect();
                Ok(Self { ids: encoding.ids, words: Some(words) })
            }
        }
    }

    /// The window of these ids.
    pub(super) fn window(&self, range: Range<usize>, affixes: &Affixes) -> Window {
        let around = |words: &Vec<usize>| {
            // Special tokens are never masked, so that their words are not read.
            let none = |ids: &[u32]| vec![usize::MAX; ids.len()];
            [none(&affixes.before), words[range.clone()].to_vec(), none(&affixes.after)].concat()
        };
        Window {
            ids: affixes.around(self.ids[range.clone()].iter().copied()),
            words: self.words.as_ref().map(around),
        }
    }

    /// Adjacent windows of at most `context` ids, special tokens included.
    pub(super) fn windows(&self, affixes: &Affixes, context: usize) -> Vec<Window> {
        let inside = context.saturating_sub(affixes.count()).max(1);
        let starts = (0..self.ids.len()).step_by(inside);
        starts
            .map(|start| self.window(start..(start + inside).min(self.ids.len()), affixes))
            .collect()
    }
}

impl Window {
    /// The number of ids that can be masked.
    pub(super) fn maskable(&self, masking: &Masking) -> usize {
        self.ids.iter().filter(|&&id| !masking.is_special(id)).count()
    }

    /// The window with masked tokens or words: a pure function of the window, the seed and the index.
    pub(super) fn masked(&self, masking: &Masking, seed: u64, index: usize) -> MaskedSequence {
        match &self.words {
            None => masking.apply(&self.ids, seed, 0, index),
            Some(words) => masking.apply_to_words(&self.ids, words, seed, 0, index),
        }
    }
}
