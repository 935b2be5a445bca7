//! Glossaries: terms with their translations, and where they are in a text.

use std::collections::HashMap;
use std::ops::Range;

use crate::place::has_no_spaces;

/// A term and its translations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    source: String,
    target: String,
    variants: Vec<String>,
}

impl Term {
    /// The term in the source language.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its translation.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Other forms of the translation, such as inflected ones.
    pub fn variants(&self) -> &[String] {
        &self.variants
    }

    /// The translation and, if `inflected`, its other forms.
    pub fn forms(&self, inflected: Inflected) -> impl Iterator<Item = &str> {
        let variants = match inflected {
            Inflected::Accepted => self.variants.as_slice(),
            Inflected::Refused => &[],
        };
        std::iter::once(&self.target).chain(variants).map(String::as_str)
    }

    /// Whether the translation is in a script with spaces between words.
    pub fn has_words(&self) -> bool {
        !self.target.chars().any(has_no_spaces)
    }
}

/// Whether the other forms of a translation count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inflected {
    /// Any form counts.
    Accepted,
    /// Only the first form counts.
    Refused,
}

/// A term in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermMatch<'a> {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// The term.
    pub term: &'a Term,
}

/// A line of a glossary that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct GlossaryError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: GlossaryReason,
}

/// What is wrong with a line of a glossary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlossaryReason {
    /// There is no tab.
    #[error("no translation: write the term, a tab and the translation")]
    NoTarget,
    /// The term or a translation is empty.
    #[error("an empty term or translation")]
    Empty,
    /// The term is in the glossary already.
    #[error(
        "`{source_term}` has a translation in line {first} already; list other forms after the first, separated by `|`"
    )]
    Repeated {
        /// The term.
        source_term: String,
        /// Its first line.
        first: usize,
    },
}

/// Terms and their translations.
///
/// A term is found as whole words; in scripts without spaces, anywhere. A term in lower case is found in any case (`engine` finds
/// `Engine`), one with a capital letter only as it is (`US` does not find `us`). Of several terms at one place, the longest counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Glossary {
    terms: Vec<Term>,
    /// The terms by their first character in lower case, the longest first.
    by_start: HashMap<char, Vec<usize>>,
}

impl Glossary {
    /// Reads a glossary: for each line a term, a tab, its translation, and further forms of it separated by `|` or tabs. Empty
    /// lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// At the first line without a translation, with an empty one, or with a term that was there before.
    pub fn parse(text: &str) -> Result<Self, GlossaryError> {
        let mut glossary = Self::default();
        let mut lines = HashMap::new();
        for (line, content) in (1..).zip(text.lines()) {
            if content.trim().is_empty() || content.starts_with('#') {
                continue;
            }
            let wrong = |reason| GlossaryError { line, reason };
            let (source, forms) =
                content.split_once('\t').ok_or_else(|| wrong(GlossaryReason::NoTarget))?;
            let source = source.trim().to_owned();
            let mut forms = forms.split(['\t', '|']).map(|form| form.trim().to_owned());
            let target = forms.next().unwrap_or_default();
            let variants: Vec<_> = forms.collect();
            if source.is_empty() || target.is_empty() || variants.iter().any(String::is_empty) {
                return Err(wrong(GlossaryReason::Empty));
            }
            if let Some(first) = lines.insert(source.clone(), line) {
                return Err(wrong(GlossaryReason::Repeated { source_term: source, first }));
            }
            glossary.add(Term { source, target, variants });
        }
        for indices in glossary.by_start.values_mut() {
            indices.sort_by_key(|&index| std::cmp::Reverse(glossary.terms[index].source.len()));
        }
        Ok(glossary)
    }

    fn add(&mut self, term: Term) {
        let first = term.source.chars().flat_map(char::to_lowercase).next();
        if let Some(first) = first {
            self.by_start.entry(first).or_default().push(self.terms.len());
        }
        self.terms.push(term);
    }

    /// The terms, in the order of the file.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The terms in a text, from left to right and without overlap.
    pub fn find(&self, text: &str) -> Vec<TermMatch<'_>> {
        let mut found = Vec::new();
        let mut next = 0;
        for (at, character) in text.char_indices() {
            let Some(first) = character.to_lowercase().next() else { continue };
            if at < next {
                continue;
            }
            let indices = self.by_start.get(&first).into_iter().flatten();
            let longest = indices.map(|&index| &self.terms[index]).find_map(|term| {
                let end = at + length(&text[at..], &term.source)?;
                is_whole(text, at..end).then_some(TermMatch { range: at..end, term })
            });
            if let Some(term) = longest {
                next = term.range.end;
                found.push(term);
            }
        }
        found
    }
}

impl Glossary {
    /// The terms of a text whose translation is missing in its translation. A term that occurs twice needs two translations.
    pub fn missing(&self, text: &str, translation: &str, inflected: Inflected) -> Vec<&Term> {
        let mut terms: Vec<&Term> = self.find(text).into_iter().map(|found| found.term).collect();
        // Longer ones first, so that a part of a translation does not count for another term.
        terms.sort_by_key(|term| std::cmp::Reverse(term.target.len()));
        let mut taken: Vec<Range<usize>> = Vec::new();
        terms.retain(|term| {
            let places = term.forms(inflected).flat_map(|form| translation.match_indices(form));
            let place = places.map(|(at, form)| at..at + form.len()).find(|place| {
                let is_free =
                    |other: &Range<usize>| other.end <= place.start || place.end <= other.start;
                is_whole(translation, place.clone()) && taken.iter().all(is_free)
            });
            taken.extend(place.clone());
            place.is_none()
        });
        terms
    }
}

/// The bytes at the start of `text` that are the term.
fn length(text: &str, term: &str) -> Option<usize> {
    if term.chars().any(char::is_uppercase) {
        return text.starts_with(term).then_some(term.len());
    }
    let mut expected = term.chars().flat_map(char::to_lowercase).peekable();
    for (at, character) in text.char_indices() {
        if expected.peek().is_none() {
            return Some(at);
        }
        if !character.to_lowercase().all(|lower| expected.next() == Some(lower)) {
            return None;
        }
    }
    expected.peek().is_none().then_some(text.len())
}

/// Whether a part of a text begins and ends where a word does.
fn is_whole(text: &str, range: Range<usize>) -> bool {
    let splits = |before: Option<char>, after: Option<char>| match (before, after) {
        (Some(before), Some(after)) => {
            let is_word = |c: char| c.is_alphanumeric() && !has_no_spaces(c);
            !(is_word(before) && is_word(after))
        }
        (None, _) | (_, None) => true,
    };
    let inner = &text[range.clone()];
    splits(text[..range.start].chars().next_back(), inner.chars().next())
        && splits(inner.chars().next_back(), text[range.end..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(glossary: &str, text: &str) -> Vec<String> {
        let glossary = Glossary::parse(glossary).unwrap();
        glossary.find(text).into_iter().map(|term| term.term.target().to_owned()).collect()
    }

    #[test]
    fn whole_words_are_found_and_the_longest_term_counts() {
        let glossary = "engine\tMotor\nengine oil\tMotoröl\noil\tÖl\n";
        assert_eq!(
            found(glossary, "Engine oil, oil and engines; the ENGINE."),
            ["Motoröl", "Öl", "Motor"]
        );
    }

    #[test]
    fn a_term_with_a_capital_is_found_only_as_it_is() {
        assert_eq!(found("US\tUSA\n", "us US USA U.S. US"), ["USA", "USA"]);
    }

    #[test]
    fn terms_without_spaces_are_found_anywhere() {
        assert_eq!(found("东京\tTokyo\n京\tcapital\n", "我住在东京都，北京"), ["Tokyo", "capital"]);
    }

    #[test]
    fn variants_and_comments_are_read() {
        let glossary = Glossary::parse("# terms\n\nhouse\tHaus\tHauses|Häuser\r\n").unwrap();
        assert_eq!(glossary.terms()[0].variants(), ["Hauses", "Häuser"]);
    }

    #[test]
    fn missing_translations_are_counted() {
        let glossary = Glossary::parse("house\tHaus|Hauses\ncar\tAuto\n").unwrap();
        let missing = |translation: &str, inflected| {
            let terms = glossary.missing("The house, the car, the house.", translation, inflected);
            terms.into_iter().map(Term::source).collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(missing("Das Haus, das Auto, das Haus.", Inflected::Refused), none);
        assert_eq!(missing("Das Haus, das Auto, des Hauses.", Inflected::Refused), ["house"]);
        assert_eq!(missing("Das Haus, das Auto, des Hauses.", Inflected::Accepted), none);
        assert_eq!(missing("Das Haus, die Autos.", Inflected::Accepted), ["car", "house"]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let message = |text: &str| Glossary::parse(text).unwrap_err().to_string();
        assert!(message("a\tb\nc\n").starts_with("line 2: no translation"));
        assert_eq!(message("\tb"), "line 1: an empty term or translation");
        assert!(message("a\tb\n\na\tc").starts_with("line 3: `a` has a translation in line 1"));
    }
}
