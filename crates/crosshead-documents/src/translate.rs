//! What translates: the seam between documents and models.

use std::ops::Range;

/// Translates sentences.
///
/// A closure from sentences to translations is one, without a limit on the length of a sentence.
pub trait Translate {
    /// Why a translation fails.
    type Error;

    /// Translates a batch of sentences, which are independent of each other.
    ///
    /// # Errors
    /// If the translation fails.
    fn translate(&mut self, sentences: &[String]) -> Result<Vec<Translation>, Self::Error>;

    /// Whether a sentence is short enough for the model. One that is not is cut.
    fn fits(&self, sentence: &str) -> bool {
        let _ = sentence;
        true
    }
}

impl<F, E> Translate for F
where
    F: FnMut(&[String]) -> Result<Vec<Translation>, E>,
{
    type Error = E;

    fn translate(&mut self, sentences: &[String]) -> Result<Vec<Translation>, E> {
        self(sentences)
    }
}

/// A translated sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translation {
    text: String,
    links: Option<Vec<Link>>,
}

/// A part of the source sentence and a part of the translation that mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The bytes of the source sentence.
    pub source: Range<usize>,
    /// The bytes of the translation.
    pub target: Range<usize>,
}

impl Translation {
    /// A translation without alignment: markup is placed by the number of words before it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), links: None }
    }

    /// With an alignment: markup follows the words that it encloses.
    #[must_use]
    pub fn with_links(mut self, links: Vec<Link>) -> Self {
        self.links = Some(links);
        self
    }

    /// With the attention over the source tokens, one row for each target token, and the bytes of the tokens. Each target
    /// token is linked to the source token with the largest weight.
    ///
    /// Tokens without text, such as the end token, have an empty range.
    #[must_use]
    pub fn with_attention(
        self,
        attention: &[Vec<f32>],
        source: &[Range<usize>],
        target: &[Range<usize>],
    ) -> Self {
        let largest = |row: &Vec<f32>| {
            let weights = row.iter().zip(source).filter(|(_, range)| !range.is_empty());
            weights.max_by(|a, b| a.0.total_cmp(b.0)).map(|(_, range)| range.clone())
        };
        let rows = attention.iter().zip(target).filter(|(_, range)| !range.is_empty());
        let links = rows.filter_map(|(row, target)| {
            Some(Link { source: largest(row)?, target: target.clone() })
        });
        let links = links.collect();
        self.with_links(links)
    }

    /// The translated text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The alignment, if there is one.
    pub fn links(&self) -> Option<&[Link]> {
        self.links.as_deref()
    }

    /// The links whose ranges are within the texts and on character borders.
    pub(crate) fn valid_links(&self, source: &str) -> Option<Vec<Link>> {
        let links = self.links.as_ref()?.iter();
        let valid = links.filter(|link| {
            source.get(link.source.clone()).is_some_and(|text| !text.is_empty())
                && self.text.get(link.target.clone()).is_some_and(|text| !text.is_empty())
        });
        Some(valid.cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attention_links_each_target_token_to_its_largest_weight() {
        let attention = [vec![0.1, 0.7, 0.2], vec![0.6, 0.3, 0.1], vec![0.0, 0.0, 1.0]];
        let (source, target) = ([0..3, 3..8, 8..8], [0..4, 4..9, 9..9]);
        let links = Translation::new("rote Autos").with_attention(&attention, &source, &target);
        let expected = [Link { source: 3..8, target: 0..4 }, Link { source: 0..3, target: 4..9 }];
        assert_eq!(links.links(), Some(&expected[..]));
    }
}
