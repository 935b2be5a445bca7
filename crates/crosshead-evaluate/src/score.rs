//! A score with a signature, which makes it reproducible.

use std::fmt;

use serde::Serialize;

/// The value of a metric and the settings it was computed with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The name of the metric, such as `BLEU`, `chrF2` or `chrF2++`.
    pub name: String,
    /// The value, from 0 to 100.
    pub score: f64,
    /// The settings in sacreBLEU's format (Post 2018, section 4): `key:value` pairs separated by `|`.
    pub signature: String,
}

/// Writes `name|signature = score`, with two decimals unless a precision is given (`{:.4}`).
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        write!(f, "{}|{} = {:.decimals$}", self.name, self.signature, self.score)
    }
}

/// A boolean in a signature.
pub(crate) fn yes_no(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

/// The `case` value of a signature.
pub(crate) fn case(lowercase: bool) -> &'static str {
    if lowercase { "lc" } else { "mixed" }
}
