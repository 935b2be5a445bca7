//! Labelled texts and pairs of texts: reading and encoding.

use crosshead_data::{ClassExample, DataError, Row};
use crosshead_tasks::{Classified, Classifier, TaskError, TextPair};
use crosshead_tokenize::{PairEncoding, Tokenizer, TruncatedEncoding};

use super::sections::LabelledSection;
use crate::host::Assets;
use crate::report::Sample;
use crate::{RunError, data};

/// Texts, or pairs of texts.
pub(super) enum Texts {
    Single(Vec<String>),
    Pairs(Vec<TextPair>),
}

/// Texts and their classes.
pub(super) struct Labelled {
    pub(super) texts: Texts,
    pub(super) classes: Vec<u32>,
}

impl Labelled {
    /// Reads a file. `class` finds the class of a label; its error names the line.
    pub(super) fn read(
        name: &str,
        section: &LabelledSection,
        assets: &dyn Assets,
        class: impl Fn(usize, &str) -> Result<u32, DataError>,
    ) -> Result<Self, RunError> {
        let LabelledSection { label, text, text_pair, .. } = section;
        if let Some(second) = text_pair {
            let rows = data::rows(name, [label, text, second], assets)?;
            let classes = classes(&rows, class)?;
            let pair = |row: Row<3>| {
                let [_, first, second] = row.fields;
                TextPair { first, second }
            };
            return Ok(Self { texts: Texts::Pairs(rows.into_iter().map(pair).collect()), classes });
        }
        let rows = data::rows(name, [label, text], assets)?;
        let classes = classes(&rows, class)?;
        let text = |row: Row<2>| {
            let [_, text] = row.fields;
            text
        };
        Ok(Self { texts: Texts::Single(rows.into_iter().map(text).collect()), classes })
    }
}

/// The classes of rows whose first field is the label.
fn classes<const N: usize>(
    rows: &[Row<N>],
    class: impl Fn(usize, &str) -> Result<u32, DataError>,
) -> Result<Vec<u32>, DataError> {
    let label = |row: &Row<N>| row.fields.first().cloned().unwrap_or_default();
    rows.iter().map(|row| class(row.line, &label(row))).collect()
}

impl Texts {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Single(texts) => texts.len(),
            Self::Pairs(pairs) => pairs.len(),
        }
    }

    /// All texts, for training a tokenizer.
    pub(super) fn all(&self) -> Vec<&str> {
        match self {
            Self::Single(texts) => texts.iter().map(String::as_str).collect(),
            Self::Pairs(pairs) => {
                pairs.iter().flat_map(|pair| [&pair.first[..], &pair.second]).collect()
            }
        }
    }

    /// The start of a sample in a report.
    pub(super) fn sample(&self, index: usize) -> Sample {
        match self {
            Self::Single(texts) => vec![("text", texts[index].clone())],
            Self::Pairs(pairs) => {
                let TextPair { first, second } = pairs[index].clone();
                vec![("text", first), ("second text", second)]
            }
        }
    }

    /// Classifies the texts.
    pub(super) fn classify(
        &self,
        classifier: &Classifier,
        progress: impl FnMut(usize),
    ) -> Result<Vec<Classified>, TaskError> {
        match self {
            Self::Single(texts) => classifier.classify_with(texts, progress),
            Self::Pairs(pairs) => classifier.classify_pairs_with(pairs, progress),
        }
    }

    /// The ids of each text or pair, at most `max_len`.
    fn encode(&self, tokenizer: &Tokenizer, max_len: usize) -> Result<Vec<PairEncoding>, RunError> {
        Ok(match self {
            Self::Single(texts) => {
                let rows = tokenizer.encode_batch_truncated(texts, max_len)?.into_iter();
                let untyped = |TruncatedEncoding { ids, truncated }| PairEncoding {
                    ids,
                    types: Vec::new(),
                    truncated,
                };
                rows.map(untyped).collect()
            }
            Self::Pairs(pairs) => {
                let encode = |TextPair { first, second }: &TextPair| {
                    tokenizer.encode_pair_truncated(first, second, max_len)
                };
                pairs.iter().map(encode).collect::<Result<_, _>>()?
            }
        })
    }
}

/// Texts as ids of at most `max_len` tokens, and how many were truncated.
pub(super) fn examples(
    tokenizer: &Tokenizer,
    labelled: &Labelled,
    max_len: usize,
) -> Result<(Vec<ClassExample>, usize), RunError> {
    let rows = labelled.texts.encode(tokenizer, max_len)?;
    let too_long = rows.iter().filter(|row| row.truncated).count();
    let example = |(row, &class): (PairEncoding, &u32)| ClassExample {
        ids: row.ids,
        types: row.types,
        class,
    };
    Ok((rows.into_iter().zip(&labelled.classes).map(example).collect(), too_long))
}
