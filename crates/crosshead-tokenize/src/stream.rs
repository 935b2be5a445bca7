//! Incremental decoding of generated ids.

use crate::{TokenizeError, Tokenizer};

/// The number of characters at the end of a text that cleanup may still change if more text follows.
const CLEANUP_CONTEXT: usize = 8;

/// Decodes ids while they are generated. See [`Tokenizer::text_stream`].
#[derive(Clone, Debug)]
pub struct TextStream<'a> {
    tokenizer: &'a Tokenizer,
    /// The pending visible ids, preceded by enough context to decode them in the same way as in the complete sequence.
    window: Vec<u32>,
    /// The number of bytes of the window's text that have already been returned.
    emitted: usize,
    /// Whether any text has been returned.
    is_started: bool,
}

impl Tokenizer {
    /// Decodes ids one at a time.
    ///
    /// [`push`](TextStream::push) returns only complete characters, even if their bytes come from several tokens. The
    /// returned texts, including that of [`finish`](TextStream::finish), concatenate to [`decode`](Self::decode) of all ids.
    pub fn text_stream(&self) -> TextStream<'_> {
        TextStream { tokenizer: self, window: Vec::new(), emitted: 0, is_started: false }
    }
}

impl TextStream<'_> {
    /// Takes the next id and returns the text that is now final, which may be empty.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn push(&mut self, id: u32) -> Result<String, TokenizeError> {
        if !self.tokenizer.is_visible(id) {
            return Ok(String::new());
        }
        self.window.push(id);
        if self.tokenizer.is_byte(id) {
            // Consecutive bytes are decoded together.
            return Ok(String::new());
        }
        let text = self.tokenizer.decode_untrimmed(&self.window)?;
        let end = self.final_len(&text);
        let piece = self.emit(&text, end);
        if self.emitted == text.len() && !self.cleans_up() {
            let last = self.tokenizer.decode_untrimmed(&[id])?;
            if !last.trim().is_empty() {
                // A single token with text is enough context for the following ones.
                self.window = vec![id];
                self.emitted = last.len();
            }
        }
        Ok(piece)
    }

    /// Ends the stream and returns the remaining text.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn finish(mut self) -> Result<String, TokenizeError> {
        let text = self.tokenizer.decode_untrimmed(&self.window)?;
        let end = if self.tokenizer.decoding.trim { text.trim_end().len() } else { text.len() };
        Ok(self.emit(&text, end))
    }

    /// The part of the window's text up to `end` that has not yet been returned.
    fn emit(&mut self, text: &str, end: usize) -> String {
        if !self.is_started && self.tokenizer.decoding.trim {
            self.emitted = text.len() - text.trim_start().len();
        }
        let piece = text.get(self.emitted..end).unwrap_or_default().to_owned();
        self.emitted = self.emitted.max(end);
        self.is_started |= !piece.is_empty();
        piece
    }

    /// The length of the prefix that no further id can change.
    fn final_len(&self, text: &str) -> usize {
        // Incomplete characters decode to the replacement character.
        let complete = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        let complete = if self.tokenizer.decoding.trim { complete.trim_end() } else { complete };
        if !self.cleans_up() {
            return complete.len();
        }
        complete.char_indices().rev().nth(CLEANUP_CONTEXT - 1).map_or(0, |(index, _)| index)
    }

    fn cleans_up(&self) -> bool {
        self.tokenizer.decoding.clean_up
    }
}
