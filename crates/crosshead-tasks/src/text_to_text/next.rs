//! The words that may follow the beginning of an output.

use super::TextToText;
use crate::{DecodeOptions, TaskError, TextHooks};

/// The most tokens of a word.
const WORD: usize = 8;

/// A word that may follow the beginning of an output.
#[derive(Clone, Debug, PartialEq)]
pub struct NextWord {
    /// The word.
    pub text: String,
    /// The log-probability of its first token.
    pub log_prob: f32,
    /// The beginning of the output up to the end of the word.
    pub prefix: String,
}

impl TextToText {
    /// The most probable words after the beginning `prefix` of the output for a text, best first; at most `count`.
    ///
    /// Each begins with one of the `count` most probable next tokens, and continues with the most probable tokens to its end.
    ///
    /// # Errors
    /// If the text or the prefix cannot be encoded, or the model computes NaN.
    pub fn next_words(
        &self,
        text: &str,
        prefix: &str,
        count: usize,
    ) -> Result<Vec<NextWord>, TaskError> {
        let step = |prefix: &str, max_tokens, alternatives| -> Result<_, TaskError> {
            let options = DecodeOptions {
                beams: Some(1),
                max_tokens: Some(max_tokens),
                target_prefix: Some(prefix.to_owned()),
                alternatives,
                ..DecodeOptions::default()
            };
            let task = self.clone().with_options(options);
            Ok(task.write(&[text], TextHooks::none())?.pop().unwrap_or_default())
        };
        // Not a single token: models may force the end token at the maximum length.
        let first = step(prefix, WORD, count)?;
        let tokens = first.n_best.first().and_then(|best| best.tokens.first());
        let mut words: Vec<NextWord> = Vec::new();
        for next in tokens.map(|token| token.alternatives.as_slice()).unwrap_or_default() {
            // A special token, such as the end token, is not a word.
            if self.tokenizer.decode(&[next.id])?.trim().is_empty() {
                continue;
            }
            // It would continue the last word of the prefix.
            if !prefix.is_empty() && !self.boundaries()?[next.id as usize] {
                continue;
            }
            let begun = self.after(prefix, next.id)?;
            let written = step(&begun, WORD, 0)?;
            let text = written.text;
            let start =
                text.strip_prefix(prefix.trim_end()).map_or(0, |rest| text.len() - rest.len());
            let Some(word) = text[start..].split_whitespace().next() else { continue };
            let end = text.len() - text[start..].trim_start().len() + word.len();
            let (word, prefix) = (word.to_owned(), text[..end].to_owned());
            if words.iter().all(|other| other.text != word) {
                words.push(NextWord { text: word, log_prob: next.log_prob, prefix });
            }
        }
        Ok(words)
    }

    /// The beginning of an output with one more token.
    fn after(&self, prefix: &str, id: u32) -> Result<String, TaskError> {
        let mut stream = self.tokenizer.text_stream();
        let mut text = String::new();
        for next in crate::words::Words::new(&self.tokenizer).target_ids(prefix)? {
            text += &stream.push(next)?;
        }
        text += &stream.push(id)?;
        Ok(text + &stream.finish()?)
    }
}
