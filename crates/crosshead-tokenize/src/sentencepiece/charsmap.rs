//! SentencePiece's precompiled rules of normalization.
//!
//! The bytes are the length of a double-array trie (Aoe 1989, in the form of Darts), the trie, and the replacements,
//! each closed by NUL. A key of the trie is a piece of text, its value the place of the replacement.

/// Rules that are safe to follow for every text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CharsMap {
    units: Vec<u32>,
    replacements: String,
}

/// The flag of a unit that a value stands below.
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
    /// Reads the rules and checks every one of them.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (size, rest) = bytes.split_first_chunk().ok_or("no length of the trie")?;
        let size = u32::from_le_bytes(*size) as usize;
        let (trie, replacements) = rest
            .split_at_checked(size)
            .ok_or_else(|| format!("a trie of {size} bytes in {} bytes", rest.len()))?;
        let replacements = std::str::from_utf8(replacements)
            .map_err(|error| format!("replacements are not UTF-8: {error}"))?;
        let (units, remainder) = trie.as_chunks();
        if units.is_empty() || !remainder.is_empty() {
            return Err(format!("a trie of {size} bytes"));
        }
        let units = units.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
        let map = Self { units, replacements: replacements.to_owned() };
        map.check()?;
        Ok(map)
    }

    /// The longest key that the text starts with: its length in bytes and its replacement.
    pub(crate) fn longest_prefix(&self, text: &str) -> Option<(usize, &str)> {
        let mut found = None;
        let mut node = offset(self.units[0]);
        for (place, byte) in text.bytes().enumerate() {
            node ^= byte as usize;
            let unit = *self.units.get(node)?;
            if label(unit) != u32::from(byte) || byte == 0 {
                break;
            }
            node ^= offset(unit);
            if unit & HAS_LEAF != 0 && text.is_char_boundary(place + 1) {
                found = Some((place + 1, value(self.units[node])));
            }
        }
        let (len, place) = found?;
        let replacement = &self.replacements[place..];
        Some((len, replacement.split('\0').next().unwrap_or(replacement)))
    }

    /// Walks through every node that a text can reach: no step may leave the trie, no value the replacements.
    fn check(&self) -> Result<(), String> {
        let mut seen = vec![false; self.units.len()];
        let mut open = vec![offset(self.units[0])];
        while let Some(node) = open.pop() {
            if node | 0xFF >= self.units.len() {
                return Err(format!("a step to unit {node} of {}", self.units.len()));
            }
            for byte in 1..=0xFF {
                let child = node ^ byte;
                let unit = self.units[child];
                if label(unit) != byte as u32 || std::mem::replace(&mut seen[child], true) {
                    continue;
                }
                let next = child ^ offset(unit);
                if unit & HAS_LEAF != 0 {
                    let place = self.units.get(next).map(|&leaf| value(leaf));
                    place.filter(|&place| self.replacements.is_char_boundary(place)).ok_or_else(
                        || format!("a value of unit {child} outside the replacements"),
                    )?;
                }
                open.push(next);
            }
        }
        Ok(())
    }
}
