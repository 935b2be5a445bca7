//! Phrases that must occur in a sequence.

mod state;

use serde::{Deserialize, Serialize};

pub(crate) use state::PhraseState;

/// A token sequence that fulfills a [`Phrase`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// The tokens.
    pub tokens: Vec<u32>,
    /// Whether the form counts only at the beginning of the generated tokens.
    pub at_start: bool,
}

impl From<Vec<u32>> for Form {
    fn from(tokens: Vec<u32>) -> Self {
        Self { tokens, at_start: false }
    }
}

/// A phrase that must occur in a sequence, in one of its forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    /// The forms, at least one.
    pub forms: Vec<Form>,
    /// Whether the phrase counts only if a [boundary](Phrases::with_boundaries) or the end follows.
    pub whole: bool,
}

impl Phrase {
    /// A phrase of these forms, whatever follows.
    pub fn new(forms: impl IntoIterator<Item = Vec<u32>>) -> Self {
        Self { forms: forms.into_iter().map(Form::from).collect(), whole: false }
    }

    /// The length of the longest form.
    fn len(&self) -> usize {
        self.forms.iter().map(|form| form.tokens.len()).max().unwrap_or(0)
    }
}

/// The phrases of each sequence of the batch.
///
/// Phrases do not share tokens: of two that overlap, the one that is completed first counts, and of two that are completed by
/// the same token, the longer one. A phrase that is listed twice must occur twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrases {
    /// The phrases of every sequence, if there is one list; otherwise one list for each.
    lists: Vec<Vec<Phrase>>,
    boundaries: Vec<bool>,
}

impl Phrases {
    /// The same phrases for every sequence.
    pub fn same(phrases: Vec<Phrase>) -> Self {
        Self { lists: vec![phrases], boundaries: Vec::new() }
    }

    /// A list of phrases for each sequence.
    pub fn per_sequence(lists: Vec<Vec<Phrase>>) -> Self {
        Self { lists, boundaries: Vec::new() }
    }

    /// Sets for each token whether a word may end before it, which matters for phrases that are [`whole`](Phrase::whole).
    /// Default: before every token.
    pub fn with_boundaries(self, boundaries: impl Into<Vec<bool>>) -> Self {
        Self { boundaries: boundaries.into(), ..self }
    }

    /// Whether there are no phrases.
    pub fn is_empty(&self) -> bool {
        self.lists.iter().all(Vec::is_empty)
    }

    /// The phrases of a sequence.
    pub(crate) fn of(&self, sequence: usize) -> &[Phrase] {
        match self.lists.as_slice() {
            [] => &[],
            [same] => same,
            lists => &lists[sequence],
        }
    }

    /// The number of lists, unless all sequences have the same phrases.
    pub(crate) fn count(&self) -> Option<usize> {
        (self.lists.len() > 1).then_some(self.lists.len())
    }

    /// All phrases.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Phrase> {
        self.lists.iter().flatten()
    }

    /// Whether a word may end before a token.
    fn is_boundary(&self, token: u32) -> bool {
        self.boundaries.get(token as usize).copied().unwrap_or(true)
    }
}
