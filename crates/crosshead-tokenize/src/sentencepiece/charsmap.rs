//! SentencePiece's precompiled normalization rules (`precompiled_charsmap`).
//!
//! The data is the size of a double-array trie (Aoe 1989, as in Darts), the trie, and the NUL-terminated replacements. The
//! trie maps a piece of text to the offset of its replacement.

use crate::CharsMapError;

/// Normalization rules that have been validated for every possible text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CharsMap {
    units: Vec<u32>,
    replacements: String,
}

/// The flag of a unit with a value.
const HAS_LEAF: u32 = 1 << 8;

fn label(unit: u32) -> u32 {
    unit & (1 << 31 | 0xFF)
}

fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize
}

fn value(unit: u32) -> usize {
    (unit & !(1 << 31)) as usize
}

impl CharsMap {
    /// Parses and validates the rules.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, CharsMapError> {
        let (size, rest) = bytes.split_first_chunk().ok_or(CharsMapError::NoTrieSize)?;
        let size = u32::from_le_bytes(*size) as usize;
        let (trie, replacements) = rest
            .split_at_checked(size)
            .ok_or(CharsMapError::TruncatedTrie { size, available: rest.len() })?;
        let replacements = std::str::from_utf8(replacements)?;
        let (units, remainder) = trie.as_chunks();
        if units.is_empty() || !remainder.is_empty() {
            return Err(CharsMapError::InvalidTrieSize { size });
        }
        let units = units.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
        let map = Self { units, replacements: replacements.to_owned() };
        map.check()?;
        Ok(map)
    }

    /// Finds the longest key that is a prefix of the text; returns its length in bytes and its replacement.
    pub(crate) fn longest_prefix(&self, text: &str) -> Option<(usize, &str)> {
        let mut found = None;
        let mut node = offset(self.units[0]);
        for (index, byte) in text.bytes().enumerate() {
            node ^= byte as usize;
            let unit = *self.units.get(node)?;
            if label(unit) != u32::from(byte) || byte == 0 {
                break;
            }
            node ^= offset(unit);
            if unit & HAS_LEAF != 0 && text.is_char_boundary(index + 1) {
                found = Some((index + 1, value(self.units[node])));
            }
        }
        let (len, start) = found?;
        let replacement = &self.replacements[start..];
        Some((len, replacement.split('\0').next().unwrap_or(replacement)))
    }

    /// Visits every node that a text can reach, and checks that transitions stay within the trie and values within the
    /// replacements.
    fn check(&self) -> Result<(), CharsMapError> {
        let mut seen = vec![false; self.units.len()];
        let mut open = vec![offset(self.units[0])];
        while let Some(node) = open.pop() {
            if node | 0xFF >= self.units.len() {
                let units = self.units.len();
                return Err(CharsMapError::InvalidTransition { unit: node, units });
            }
            for byte in 1..=0xFF {
                let child = node ^ byte;
                let unit = self.units[child];
                if label(unit) != byte as u32 || std::mem::replace(&mut seen[child], true) {
                    continue;
                }
                let next = child ^ offset(unit);
                if unit & HAS_LEAF != 0 {
                    let start = self.units.get(next).map(|&leaf| value(leaf));
                    start
                        .filter(|&start| self.replacements.is_char_boundary(start))
                        .ok_or(CharsMapError::InvalidValue { unit: child })?;
                }
                open.push(next);
            }
        }
        Ok(())
    }
}
