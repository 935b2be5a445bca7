//! Texts at which an output ends.

use crosshead_generate::StopRule;
use crosshead_tokenize::{TextStream, TokenizeError, Tokenizer};

/// Ends a sequence at the token that completes one of some texts.
pub(crate) struct StopStrings<'a> {
    tokenizer: &'a Tokenizer,
    strings: &'a [String],
    /// The number of tokens at the end of a sequence that can hold a text and the token before it.
    window: usize,
}

impl<'a> StopStrings<'a> {
    /// The rule for these texts; `None` if there are none.
    pub(crate) fn new(tokenizer: &'a Tokenizer, strings: &'a [String]) -> Option<Self> {
        let longest = strings.iter().map(String::len).max().filter(|&len| len > 0)?;
        Some(Self { tokenizer, strings, window: longest + 8 })
    }

    fn ends(&self, tokens: &[u32]) -> Result<bool, TokenizeError> {
        let Some((&last, before)) = tokens.split_last() else { return Ok(false) };
        let mut stream = self.tokenizer.text_stream();
        let mut text = String::new();
        for &token in &before[before.len().saturating_sub(self.window)..] {
            text += &stream.push(token)?;
        }
        let known = text.len() + rest(&stream)?.len();
        text += &stream.push(last)?;
        text += &rest(&stream)?;
        let completes = |string: &String| {
            let end = text.rfind(string.as_str()).map(|at| at + string.len());
            !string.is_empty() && end.is_some_and(|end| end > known)
        };
        Ok(self.strings.iter().any(completes))
    }
}

impl StopRule for StopStrings<'_> {
    fn stops(&self, _: usize, tokens: &[u32]) -> bool {
        // If a token cannot be decoded, the text of the sequence reports the error.
        self.ends(tokens).unwrap_or(false)
    }
}

/// The text that is not final yet.
fn rest(stream: &TextStream<'_>) -> Result<String, TokenizeError> {
    stream.clone().finish()
}
