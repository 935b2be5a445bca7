//! How much each word of a text contributes to its class.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::{Classifier, Label, TaskError};

/// The contribution of a word to the score of a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The bytes of the word.
    pub range: Range<usize>,
    /// The score of the label for the text minus its score without the word (Zeiler and Fergus, *Visualizing and Understanding
    /// Convolutional Networks*, 2014, section 4.2; there, parts of an image are covered).
    pub score: f32,
}

impl Classifier {
    /// The contribution of each word of a text to the score of a label, by classifying the text once without each of them. Words are
    /// those of Unicode (UAX #29).
    ///
    /// # Errors
    /// If the tokenizer fails on a text.
    pub fn attributions(&self, text: &str, label: &Label) -> Result<Vec<Attribution>, TaskError> {
        let words: Vec<Range<usize>> =
            text.unicode_word_indices().map(|(at, word)| at..at + word.len()).collect();
        let without = |word: &Range<usize>| format!("{}{}", &text[..word.start], &text[word.end..]);
        let texts: Vec<String> = words.iter().map(without).collect();
        let classified = self.classify(&texts)?;
        let of_label = |labels: &[Label]| {
            labels.iter().find(|other| other.class == label.class).map_or(0.0, |label| label.score)
        };
        let scores = classified.iter().map(|found| label.score - of_label(&found.labels));
        Ok(words
            .into_iter()
            .zip(scores)
            .map(|(range, score)| Attribution { range, score })
            .collect())
    }
}
