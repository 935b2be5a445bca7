//! SentencePiece's text normalizer, equal to `normalizer.cc`.

use std::sync::Arc;

use tokenizers::{NormalizedString, Normalizer};

use super::charsmap::CharsMap;

/// The character that represents a space in pieces.
pub(crate) const SPACE: char = '▁';

/// SentencePiece's normalizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SentencePieceNormalizer {
    /// Replacement rules. The longest match applies.
    pub(crate) rules: Option<Arc<CharsMap>>,
    /// User-defined pieces, which are not normalized, longest first.
    pub(crate) user_defined: Arc<[String]>,
    /// Adds a space before the text.
    pub(crate) add_dummy_prefix: bool,
    /// Adds this space only at the start of a text, not after a special token.
    pub(crate) only_at_start: bool,
    /// Removes leading and trailing spaces, and collapses runs of spaces.
    pub(crate) remove_extra_whitespaces: bool,
    /// Replaces spaces by `▁`.
    pub(crate) escape_whitespaces: bool,
}

impl SentencePieceNormalizer {
    /// The length in bytes of the first unit of the text, and its replacement.
    fn prefix<'a>(&'a self, text: &'a str) -> (usize, &'a str) {
        if let Some(symbol) = self.user_defined.iter().find(|symbol| text.starts_with(*symbol)) {
            return (symbol.len(), symbol);
        }
        self.rules.as_deref().and_then(|rules| rules.longest_prefix(text)).unwrap_or_else(|| {
            let len = text.chars().next().map_or(0, char::len_utf8);
            (len, &text[..len])
        })
    }

    fn edit(&self, mut text: &str, is_start: bool) -> Edits {
        let mut edits = Edits::default();
        while self.remove_extra_whitespaces && !text.is_empty() {
            let (len, replacement) = self.prefix(text);
            if replacement != " " {
                break;
            }
            edits.replace(&text[..len], "".chars());
            text = &text[len..];
        }
        if text.is_empty() {
            return edits;
        }
        let space = if self.escape_whitespaces { SPACE } else { ' ' };
        if self.add_dummy_prefix && (is_start || !self.only_at_start) {
            edits.insert(space);
        }
        let mut after_space = self.remove_extra_whitespaces;
        while !text.is_empty() {
            let (len, replacement) = self.prefix(text);
            let kept = if after_space { replacement.trim_start_matches(' ') } else { replacement };
            let kept_chars = kept.chars().map(|c| if c == ' ' { space } else { c });
            edits.replace(&text[..len], kept_chars);
            if !kept.is_empty() {
                after_space = self.remove_extra_whitespaces && kept.ends_with(' ');
            }
            text = &text[len..];
        }
        while self.remove_extra_whitespaces && edits.ends_with(space) {
            edits.pop();
        }
        edits
    }
}

impl Normalizer for SentencePieceNormalizer {
    fn normalize(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        let is_start = text.offsets_original().0 == 0;
        let Edits { chars, removed_before } = self.edit(text.get(), is_start);
        text.transform(chars, removed_before);
        Ok(())
    }
}

/// A normalized text. Each character comes with the change that `NormalizedString::transform` expects: minus the number
/// of original characters removed after it, or 1 if it was inserted.
#[derive(Default)]
struct Edits {
    chars: Vec<(char, isize)>,
    /// The number of original characters removed before the first kept one.
    removed_before: usize,
}

/// The change of an inserted character.
const INSERTED: isize = 1;

impl Edits {
    fn insert(&mut self, character: char) {
        self.chars.push((character, INSERTED));
    }

    fn replace(&mut self, old: &str, new: impl Iterator<Item = char>) {
        let mut old_chars = old.chars().count();
        for character in new {
            let taken = old_chars.min(1);
            old_chars -= taken;
            self.chars.push((character, if taken == 1 { 0 } else { INSERTED }));
        }
        self.remove(old_chars);
    }

    /// Removes the next `count` original characters.
    fn remove(&mut self, count: usize) {
        match self.chars.iter_mut().rfind(|(_, change)| *change != INSERTED) {
            Some((_, change)) => *change -= count as isize,
            None => self.removed_before += count,
        }
    }

    fn ends_with(&self, character: char) -> bool {
        self.chars.last().is_some_and(|(last, _)| *last == character)
    }

    fn pop(&mut self) {
        if let Some((_, change)) = self.chars.pop().filter(|(_, change)| *change != INSERTED) {
            self.remove(1 + change.unsigned_abs());
        }
    }
}
