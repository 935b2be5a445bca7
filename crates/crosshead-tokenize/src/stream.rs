//! Text as it is generated, id by id.

use crate::{TokenizeError, Tokenizer};

/// The most characters at the end of a text that cleaning up may still change when the text goes on.
const UNSETTLED_BY_CLEANUP: usize = 8;

/// Turns ids into pieces of text while they are generated; see [`Tokenizer::text_stream`].
#[derive(Debug)]
pub struct TextStream<'a> {
    tokenizer: &'a Tokenizer,
    /// Visible ids not yet given, and before them enough that decoding them together gives their text as it is in the whole.
    window: Vec<u32>,
    /// The number of bytes of the window's text that are given.
    given: usize,
    /// Whether any text is given.
    is_started: bool,
}

impl Tokenizer {
    /// Decodes ids one by one.
    ///
    /// Every piece that [`push`](TextStream::push) gives is whole: no character is cut, even where its bytes come from
    /// several tokens. All pieces together, with that of [`finish`](TextStream::finish), are [`decode`](Self::decode)
    /// of all ids.
    pub fn text_stream(&self) -> TextStream<'_> {
        TextStream { tokenizer: self, window: Vec::new(), given: 0, is_started: false }
    }
}

impl TextStream<'_> {
    /// Takes the next id; gives the text that is certain now, which may be empty.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn push(&mut self, id: u32) -> Result<String, TokenizeError> {
        if !self.tokenizer.is_visible(id) {
            return Ok(String::new());
        }
        self.window.push(id);
        if self.tokenizer.is_byte(id) {
            // Bytes in a row are text or not together.
            return Ok(String::new());
        }
        let text = self.tokenizer.decode_untrimmed(&self.window)?;
        let certain = self.certain(&text);
        let piece = self.give(&text, certain);
        if self.given == text.len() && !self.cleans_up() {
            let last = self.tokenizer.decode_untrimmed(&[id])?;
            if !last.trim().is_empty() {
                // A token with text is context enough for what follows.
                self.window = vec![id];
                self.given = last.len();
            }
        }
        Ok(piece)
    }

    /// Ends the stream; gives the text that waited for more.
    ///
    /// # Errors
    /// If the tokenizer's decoder fails.
    pub fn finish(mut self) -> Result<String, TokenizeError> {
        let text = self.tokenizer.decode_untrimmed(&self.window)?;
        let end = if self.tokenizer.decoding.trim { text.trim_end().len() } else { text.len() };
        Ok(self.give(&text, end))
    }

    /// The window's text up to `end` that is not yet given.
    fn give(&mut self, text: &str, end: usize) -> String {
        if !self.is_started && self.tokenizer.decoding.trim {
            self.given = text.len() - text.trim_start().len();
        }
        let piece = text.get(self.given..end).unwrap_or_default().to_owned();
        self.given = self.given.max(end);
        self.is_started |= !piece.is_empty();
        piece
    }

    /// The length of the beginning that no further id changes.
    fn certain(&self, text: &str) -> usize {
        // The mark of bytes that are no character, or not yet.
        let whole = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        let whole = if self.tokenizer.decoding.trim { whole.trim_end() } else { whole };
        if !self.cleans_up() {
            return whole.len();
        }
        whole.char_indices().rev().nth(UNSETTLED_BY_CLEANUP - 1).map_or(0, |(place, _)| place)
    }

    fn cleans_up(&self) -> bool {
        self.tokenizer.decoding.clean_up
    }
}
