//! The text of tokens while they are generated.

use crosshead_tokenize::{TextStream, TokenizeError, Tokenizer};

use crate::TaskError;

/// The text after a prompt as it is written.
pub(super) struct Text<'a> {
    stream: TextStream<'a>,
    text: String,
    error: Option<TokenizeError>,
}

impl<'a> Text<'a> {
    /// The text after the prompt, on which the spaces of its first tokens depend.
    pub(super) fn after(prompt: &[u32], tokenizer: &'a Tokenizer) -> Result<Self, TaskError> {
        let mut stream = tokenizer.text_stream();
        for &id in prompt {
            stream.push(id)?;
        }
        Ok(Self { stream, text: String::new(), error: None })
    }

    pub(super) fn push(&mut self, id: u32, on_text: &mut dyn FnMut(&str)) {
        match self.stream.push(id) {
            Ok(piece) => give(&piece, &mut self.text, on_text),
            Err(error) => self.error = Some(error),
        }
    }

    pub(super) fn finish(self, on_text: &mut dyn FnMut(&str)) -> Result<String, TaskError> {
        let Self { stream, mut text, error } = self;
        if let Some(error) = error {
            return Err(error.into());
        }
        give(&stream.finish()?, &mut text, on_text);
        Ok(text)
    }
}

/// Appends a piece to a text and tells it.
fn give(piece: &str, text: &mut String, on_text: &mut dyn FnMut(&str)) {
    if !piece.is_empty() {
        text.push_str(piece);
        on_text(piece);
    }
}
