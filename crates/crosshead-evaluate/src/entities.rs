//! Entities in sequences of tags, and their precision, recall and F1, as in seqeval.

use std::collections::HashSet;
use std::ops::Range;

use crate::EvaluateError;

/// An entity: a span of words and its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntitySpan {
    /// The words.
    pub words: Range<usize>,
    /// The type, such as `PER`.
    pub kind: String,
}

/// The type of tags without one.
const UNTYPED: &str = "_";

/// A tag as prefix and type: `B-PER` is `B` and `PER`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    prefix: char,
    kind: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag outside entities.
    const OUTSIDE: Self = Self { prefix: 'O', kind: UNTYPED };

    fn new(tag: &'a str) -> Self {
        let mut rest = tag.chars();
        let prefix = rest.next().unwrap_or('O');
        let rest = rest.as_str();
        let kind = rest.split_once('-').map_or(rest, |(_, kind)| kind);
        Self { prefix, kind: if kind.is_empty() { UNTYPED } else { kind } }
    }

    fn is_outside(self) -> bool {
        matches!(self.prefix, 'O' | '.')
    }

    /// Whether an entity ends between `before` and this tag.
    fn ends_after(self, before: Self) -> bool {
        match (before.prefix, self.prefix) {
            ('E' | 'S', _) | ('B' | 'I', 'B' | 'S' | 'O') => true,
            _ => !before.is_outside() && before.kind != self.kind,
        }
    }

    /// Whether an entity starts at this tag.
    fn starts_after(self, before: Self) -> bool {
        match (before.prefix, self.prefix) {
            (_, 'B' | 'S') | ('E' | 'S' | 'O', 'E' | 'I') => true,
            _ => !self.is_outside() && before.kind != self.kind,
        }
    }
}

/// The entities in the tags of a sentence, with the rules of CoNLL's evaluation, which seqeval applies by default: a `B`, or an
/// `I` after another type or after `O`, starts an entity. `E` and `S` of the schemes IOBES and BILOU are understood too.
pub fn entities(tags: &[impl AsRef<str>]) -> Vec<EntitySpan> {
    let tags = tags.iter().map(|tag| Tag::new(tag.as_ref())).chain([Tag::OUTSIDE]);
    let mut found = Vec::new();
    let (mut before, mut start) = (Tag::OUTSIDE, 0);
    for (at, tag) in tags.enumerate() {
        if tag.ends_after(before) {
            found.push(EntitySpan { words: start..at, kind: before.kind.to_owned() });
        }
        if tag.starts_after(before) {
            start = at;
        }
        before = tag;
    }
    found
}

/// Precision, recall and F1 of entities, over all types. An entity is correct if its span and its type are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntityScore {
    /// The number of entities in the reference.
    pub reference: usize,
    /// The number of predicted entities.
    pub predicted: usize,
    /// The number of predicted entities that are in the reference.
    pub correct: usize,
    /// The share of words whose tag is correct, 0 to 1.
    pub accuracy: f64,
}

impl EntityScore {
    /// Compares the predicted tags of sentences with their reference.
    ///
    /// # Errors
    /// If there is no word, or the numbers of sentences or of the words of a sentence differ.
    pub fn new<R: AsRef<str>, P: AsRef<str>>(
        reference: &[Vec<R>],
        predicted: &[Vec<P>],
    ) -> Result<Self, EvaluateError> {
        let differ =
            |examples, predictions| EvaluateError::PredictionCount { examples, predictions };
        if reference.len() != predicted.len() {
            return Err(differ(reference.len(), predicted.len()));
        }
        let (mut score, mut words, mut right) =
            (Self { reference: 0, predicted: 0, correct: 0, accuracy: 0.0 }, 0, 0);
        for (reference, predicted) in reference.iter().zip(predicted) {
            if reference.len() != predicted.len() {
                return Err(differ(reference.len(), predicted.len()));
            }
            let same = reference.iter().zip(predicted);
            right += same
                .filter(|(reference, predicted)| reference.as_ref() == predicted.as_ref())
                .count();
            words += reference.len();
            let truth: HashSet<EntitySpan> = entities(reference).into_iter().collect();
            let found: HashSet<EntitySpan> = entities(predicted).into_iter().collect();
            score.reference += truth.len();
            score.predicted += found.len();
            score.correct += truth.intersection(&found).count();
        }
        if words == 0 {
            return Err(EvaluateError::EmptyCorpus);
        }
        Ok(Self { accuracy: right as f64 / words as f64, ..score })
    }

    /// The share of predicted entities that are correct, 0 to 1; 0 without any.
    pub fn precision(&self) -> f64 {
        ratio(self.correct, self.predicted)
    }

    /// The share of the reference's entities that are predicted, 0 to 1; 0 without any.
    pub fn recall(&self) -> f64 {
        ratio(self.correct, self.reference)
    }

    /// The harmonic mean of precision and recall, 0 to 1.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.correct, self.predicted + self.reference)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
