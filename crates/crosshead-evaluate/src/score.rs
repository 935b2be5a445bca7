//! A score with the signature that makes it reproducible.

use std::fmt;

use serde::Serialize;

/// A metric's value and the settings it was computed under.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// The metric, such as `BLEU`, `chrF2` or `chrF2++`.
    pub name: String,
    /// The value, from 0 (nothing matches) to 100 (all matches).
    pub score: f64,
    /// The settings in sacreBLEU's form (Post 2018, section 4): `key:value` pairs separated by `|`.
    pub signature: String,
}

/// Writes `name|signature = score`, with two decimals unless the format asks for others (`{:.4}`).
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        write!(f, "{}|{} = {:.decimals$}", self.name, self.signature, self.score)
    }
}

/// A signature from the number of references and the metric's own `(key, value)` pairs.
pub(crate) fn signature(n_references: usize, settings: &[(&str, &str)]) -> String {
    let settings: String = settings.iter().map(|(key, value)| format!("{key}:{value}|")).collect();
    format!("nrefs:{n_references}|{settings}version:crosshead-{}", env!("CARGO_PKG_VERSION"))
}

/// A switch as signatures write it.
pub(crate) fn yes_no(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

/// The value of a signature's `case`.
pub(crate) fn case(lowercase: bool) -> &'static str {
    if lowercase { "lc" } else { "mixed" }
}
