//! The text of a sequence while its tokens are generated.

use crosshead_tokenize::{TextStream, TokenizeError, Tokenizer};

use crate::TaskError;

/// The text of a sequence while its tokens are generated.
pub(crate) struct Text<'a> {
    stream: TextStream<'a>,
    text: String,
    error: Option<TokenizeError>,
}

impl<'a> Text<'a> {
    /// The empty text after a prompt, which determines the leading spaces of the first tokens.
    pub(crate) fn after(prompt: &[u32], tokenizer: &'a Tokenizer) -> Result<Self, TaskError> {
        let mut stream = tokenizer.text_stream();
        for &id in prompt {
            stream.push(id)?;
        }
        Ok(Self { stream, text: String::new(), error: None })
    }

    /// Appends a token; returns the text that became final.
    pub(crate) fn push(&mut self, id: u32) -> String {
        match self.stream.push(id) {
            Ok(piece) => {
                self.text.push_str(&piece);
                piece
            }
            Err(error) => {
                self.error.get_or_insert(error);
                String::new()
            }
        }
    }

    /// The full text, and its last piece.
    pub(crate) fn finish(self) -> Result<(String, String), TaskError> {
        let Self { stream, mut text, error } = self;
        if let Some(error) = error {
            return Err(error.into());
        }
        let piece = stream.finish()?;
        text.push_str(&piece);
        Ok((text, piece))
    }
}
