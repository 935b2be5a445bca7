//! Values that have several forms.

use crosshead_generate::{Form, Phrase, SequenceBias};
use serde::{Deserialize, Serialize};

/// An id or a list of ids. Negative ids mean none.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "an id, or a list of ids")]
pub(super) enum Ids {
    One(i64),
    Several(Vec<i64>),
}

impl Ids {
    pub(super) fn of(ids: &[u32]) -> Option<Self> {
        match ids {
            [] => None,
            [id] => Some(Self::One((*id).into())),
            ids => Some(Self::list(ids)),
        }
    }

    pub(super) fn list(ids: &[u32]) -> Self {
        Self::Several(ids.iter().map(|&id| id.into()).collect())
    }

    pub(super) fn into_vec(self) -> Vec<u32> {
        let ids = match self {
            Self::One(id) => vec![id],
            Self::Several(ids) => ids,
        };
        ids.into_iter().filter_map(|id| id.try_into().ok()).collect()
    }
}

/// `early_stopping`: a boolean, or "never".
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "true, false or \"never\"")]
pub(super) enum Stopping {
    Whether(bool),
    Never(Never),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Never {
    Never,
}

/// `stop_strings`: a string or a list of strings.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a string, or a list of strings")]
pub(super) enum Strings {
    One(String),
    Several(Vec<String>),
}

impl Strings {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(string) => vec![string],
            Self::Several(strings) => strings,
        }
    }
}

/// An entry of `force_words_ids`: the ids of a word, or those of words of which one must occur.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a list of ids, or a list of lists of ids")]
pub(super) enum Words {
    One(Vec<u32>),
    Any(Vec<Vec<u32>>),
}

impl Words {
    pub(super) fn of(phrase: &Phrase) -> Self {
        match phrase.forms.as_slice() {
            [form] => Self::One(form.tokens.clone()),
            forms => Self::Any(forms.iter().map(|form| form.tokens.clone()).collect()),
        }
    }

    pub(super) fn into_phrase(self) -> Phrase {
        let forms = match self {
            Self::One(form) => vec![form],
            Self::Any(forms) => forms,
        };
        Phrase { forms: forms.into_iter().map(Form::from).collect(), whole: false }
    }
}

/// An entry of `sequence_bias`: ids and a bias.
#[derive(Serialize, Deserialize)]
pub(super) struct Bias(Vec<u32>, f32);

impl Bias {
    pub(super) fn of(bias: &SequenceBias) -> Self {
        Self(bias.tokens.clone(), bias.bias)
    }

    pub(super) fn into_bias(self) -> SequenceBias {
        SequenceBias { tokens: self.0, bias: self.1 }
    }
}
