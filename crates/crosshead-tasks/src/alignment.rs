//! Word alignments of a text and its translation.

use std::ops::Range;

use crate::attention::{AttentionMap, AttentionToken};

/// The layer whose cross-attention aligns words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlignmentLayer {
    /// The second to last layer, which usually aligns best (Garg et al. 2019, section 3.1); the only one of a single layer.
    #[default]
    SecondToLast,
    /// The last layer.
    Last,
    /// The layer with this index, from 0.
    Index(usize),
}

/// Which source words each word of a written text comes from, by the cross-attention of the model: the mean over all heads
/// of a layer.
///
/// Words are those of Unicode (UAX #29), so punctuation marks are words, too, unless a token joins them to a word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alignment {
    /// The bytes of each source word.
    pub source: Vec<Range<usize>>,
    /// The bytes of each word of the written text.
    pub target: Vec<Range<usize>>,
    /// The weight of each source word, for each target word. The rest up to 1 is the weight of special tokens and of the model's
    /// prefix.
    pub weights: Vec<Vec<f32>>,
}

/// A source word and a target word that belong together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlignedWords {
    /// The index of the source word.
    pub source: usize,
    /// The index of the target word.
    pub target: usize,
    /// The weight of the source word.
    pub weight: f32,
}

impl Alignment {
    /// For each target word, the source word with the largest weight: what it comes from.
    pub fn links(&self) -> Vec<AlignedWords> {
        let link = |(target, row): (usize, &Vec<f32>)| {
            let (source, weight) = largest(row.iter().copied())?;
            Some(AlignedWords { source, target, weight })
        };
        self.weights.iter().enumerate().filter_map(link).collect()
    }

    /// For each source word, the target word that gives it the largest weight: where it went. Several target words may come from
    /// one source word, but here each source word has one; this suits marks on single words.
    pub fn source_links(&self) -> Vec<AlignedWords> {
        let link = |source: usize| {
            let (target, weight) = largest(self.weights.iter().map(|row| row[source]))?;
            Some(AlignedWords { source, target, weight })
        };
        (0..self.source.len()).filter_map(link).collect()
    }

    /// Adds the alignment of the next sentence, which starts at these bytes of the text and of what was written.
    pub fn append(&mut self, next: &Self, source_start: usize, target_start: usize) {
        let (before, after) = (self.source.len(), next.source.len());
        let shifted = |words: &[Range<usize>], start: usize| -> Vec<Range<usize>> {
            words.iter().map(|word| start + word.start..start + word.end).collect()
        };
        self.source.extend(shifted(&next.source, source_start));
        self.target.extend(shifted(&next.target, target_start));
        for row in &mut self.weights {
            row.extend(std::iter::repeat_n(0.0, after));
        }
        let row = |row: &Vec<f32>| [vec![0.0; before], row.clone()].concat();
        self.weights.extend(next.weights.iter().map(row));
    }

    /// The alignment by a map of tokens; `prefix` is the number of bytes of the model's prefix, which precedes the source.
    pub(crate) fn new(map: &AttentionMap, prefix: usize) -> Self {
        let map = map.to_words();
        let keys: Vec<(usize, Range<usize>)> = map
            .keys()
            .iter()
            .enumerate()
            .filter_map(|(index, token)| {
                let range = range_of(token)?;
                let start = range.start.checked_sub(prefix)?;
                Some((index, start..range.end - prefix))
            })
            .collect();
        let queries = map.queries().iter().zip(map.weights());
        let (target, weights) = queries
            .filter_map(|(token, row)| {
                let range = range_of(token)?;
                Some((range, keys.iter().map(|(index, _)| row[*index]).collect()))
            })
            .unzip();
        Self { source: keys.into_iter().map(|(_, range)| range).collect(), target, weights }
    }
}

/// The largest weight and its index, the first of equal ones.
fn largest(weights: impl Iterator<Item = f32>) -> Option<(usize, f32)> {
    weights.enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The bytes of a word; none for special tokens.
fn range_of(word: &AttentionToken) -> Option<Range<usize>> {
    let span = word.span.as_ref()?;
    (!span.range.is_empty()).then(|| span.range.clone())
}
