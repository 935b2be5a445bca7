//! Texts that belong together: reading and encoding.

use crosshead_data::{DataError, Lengths, Pair, Row};
use crosshead_tokenize::{Tokenizer, TruncatedEncoding};

use super::sections::RankedSection;
use crate::host::Assets;
use crate::{RunError, data};

/// A training example: a text, one that belongs to it, and perhaps one that does not.
pub(super) struct Triplet {
    pub(super) anchor: String,
    pub(super) positive: String,
    pub(super) negative: Option<String>,
}

/// Two texts and their similarity.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredPair {
    /// The first text.
    pub first: String,
    /// The second text.
    pub second: String,
    /// The similarity, on any scale.
    pub score: f64,
}

/// Texts for evaluation.
pub(super) enum Held {
    /// Texts that belong together, the first and the second.
    Pairs(Vec<Pair>),
    /// Texts and their similarities.
    Scored(Vec<ScoredPair>),
}

impl Held {
    /// The texts of a file.
    pub(super) fn read(
        name: &str,
        section: &RankedSection,
        assets: &dyn Assets,
    ) -> Result<Self, RunError> {
        let RankedSection { anchor, positive, score, .. } = section;
        let Some(score) = score else {
            let rows = data::rows(name, [anchor, positive], assets)?;
            return Ok(Self::Pairs(rows.into_iter().map(Pair::from).collect()));
        };
        let scored = |Row { line, fields: [first, second, score] }: Row<3>| {
            let value = score.trim().parse().ok().filter(|value: &f64| value.is_finite());
            let score =
                value.ok_or(DataError::NotANumber { name: name.to_owned(), line, field: score })?;
            Ok(ScoredPair { first, second, score })
        };
        let rows = data::rows(name, [anchor, positive, score], assets)?;
        Ok(Self::Scored(rows.into_iter().map(scored).collect::<Result<_, DataError>>()?))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Pairs(pairs) => pairs.len(),
            Self::Scored(pairs) => pairs.len(),
        }
    }
}

/// The training examples of a file.
pub(super) fn triplets(
    name: &str,
    section: &RankedSection,
    assets: &dyn Assets,
) -> Result<Vec<Triplet>, RunError> {
    let RankedSection { anchor, positive, negative, .. } = section;
    if let Some(negative) = negative {
        let rows = data::rows(name, [anchor, positive, negative], assets)?;
        let triplet = |Row { fields: [anchor, positive, negative], .. }: Row<3>| Triplet {
            anchor,
            positive,
            negative: Some(negative),
        };
        return Ok(rows.into_iter().map(triplet).collect());
    }
    let rows = data::rows(name, [anchor, positive], assets)?;
    let pair = |Row { fields: [anchor, positive], .. }: Row<2>| Triplet {
        anchor,
        positive,
        negative: None,
    };
    Ok(rows.into_iter().map(pair).collect())
}

/// A tokenized training example.
pub(super) struct RankedExample {
    pub(super) anchor: Vec<u32>,
    pub(super) positive: Vec<u32>,
    pub(super) negative: Option<Vec<u32>>,
}

impl RankedExample {
    /// The lengths for batches by tokens; a negative is a second row of candidates.
    pub(super) fn lengths(&self) -> Lengths {
        let negative = self.negative.as_ref();
        let longest = negative.map_or(0, Vec::len).max(self.positive.len());
        let rows = 1 + usize::from(negative.is_some());
        Lengths { source: self.anchor.len(), target: rows * longest }
    }

    /// The number of tokens without padding.
    pub(super) fn tokens(&self) -> usize {
        let negative = self.negative.as_ref().map_or(0, Vec::len);
        self.anchor.len() + self.positive.len() + negative
    }
}

/// Training examples as ids of at most `max_len` tokens, and how many of them were truncated.
pub(super) fn encode(
    tokenizer: &Tokenizer,
    triplets: &[Triplet],
    max_len: usize,
) -> Result<(Vec<RankedExample>, usize), RunError> {
    let mut too_long = 0;
    let mut examples = Vec::with_capacity(triplets.len());
    for Triplet { anchor, positive, negative } in triplets {
        let mut truncated = false;
        let mut ids = |text: &str| -> Result<Vec<u32>, RunError> {
            let encoding: TruncatedEncoding = tokenizer.encode_truncated(text, max_len)?;
            truncated |= encoding.truncated;
            Ok(encoding.ids)
        };
        let (anchor, positive) = (ids(anchor)?, ids(positive)?);
        let negative = negative.as_deref().map(&mut ids).transpose()?;
        examples.push(RankedExample { anchor, positive, negative });
        too_long += usize::from(truncated);
    }
    Ok((examples, too_long))
}
