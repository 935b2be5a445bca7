//! The language of a text.

use crosshead_documents::two_letters;
use whatlang::{Detector, Lang};

use crate::models::same;

/// A language that a text may be in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Detected {
    /// The code, with two letters if there is such a code.
    pub(crate) language: String,
    /// From 0 to 1.
    pub(crate) confidence: f64,
}

/// The language of a text, among the allowed ones if there are any; none if the text has no letters.
pub(crate) fn detect(text: &str, allowed: &[String]) -> Option<Detected> {
    let is_allowed = |lang: &Lang| allowed.iter().any(|code| same(code, lang.code()));
    let known: Vec<Lang> = Lang::all().iter().copied().filter(is_allowed).collect();
    let detector = if known.is_empty() { Detector::new() } else { Detector::with_allowlist(known) };
    let info = detector.detect(text)?;
    let language = two_letters(info.lang().code()).to_owned();
    Some(Detected { language, confidence: info.confidence() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_sentence_is_found() {
        let found = |text| detect(text, &[]).unwrap().language;
        assert_eq!(found("The quick brown fox jumps over the lazy dog in the garden."), "en");
        assert_eq!(
            found("Der schnelle braune Fuchs springt über den faulen Hund im Garten."),
            "de"
        );
        assert_eq!(detect("12 + 3", &[]), None);
        let allowed = ["en".to_owned()];
        assert_eq!(detect("Der Hund.", &allowed).unwrap().language, "en");
    }
}
