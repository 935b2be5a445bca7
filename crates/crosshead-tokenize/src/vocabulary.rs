//! Reads `vocab.txt`, `vocab.json` and `merges.txt`.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokenizers::models::bpe::{Merges, Vocab};

use crate::TokenizeError;
use crate::files::{read_json, read_text};

/// Reads `vocab.txt`, which has one token per line. The id of a token is the line number, from 0.
///
/// # Errors
/// If the file cannot be read, or a token occurs twice.
pub(crate) fn read_lines(path: &Path) -> Result<Vocab, TokenizeError> {
    let text = read_text(path)?;
    let mut ids = Vocab::default();
    for (id, line) in text.lines().enumerate() {
        if let Some(earlier) = ids.insert(line.to_owned(), id as u32) {
            let reason = format!("`{line}` is also on line {}", earlier + 1);
            return Err(TokenizeError::Line { path: path.to_owned(), line: id + 1, reason });
        }
    }
    Ok(ids)
}

/// Reads `vocab.json`, which maps each token to its id. The index of a token in the result is its id.
///
/// # Errors
/// If the file cannot be read, a token or an id occurs twice, or an id is missing.
pub(crate) fn read_ids(path: &Path) -> Result<Vec<String>, TokenizeError> {
    let Entries(entries) = read_json(path)?;
    let invalid = |key: &str, reason: String| {
        Err(TokenizeError::Key { path: path.to_owned(), key: key.to_owned(), reason })
    };
    let size = entries.len();
    let mut tokens: Vec<Option<String>> = vec![None; size];
    let mut ids = HashMap::with_capacity(size);
    for (token, id) in entries {
        if ids.insert(token.clone(), id).is_some() {
            return invalid(&token, "occurs twice".to_owned());
        }
        match tokens.get_mut(id as usize) {
            None => {
                let reason =
                    format!("has the id {id}, but the ids of {size} tokens are 0 to {}", size - 1);
                return invalid(&token, reason);
            }
            Some(Some(other)) => {
                return invalid(&token, format!("has the id {id}, which `{other}` also has"));
            }
            Some(slot) => *slot = Some(token),
        }
    }
    // There are as many tokens as slots, so every slot is filled.
    Ok(tokens.into_iter().flatten().collect())
}

/// Reads `merges.txt`, which has one pair of tokens per line, by rank.
///
/// # Errors
/// If the file cannot be read, or a line is not a pair of tokens whose concatenation is also a token.
pub(crate) fn read_merges(path: &Path, vocabulary: &Vocab) -> Result<Merges, TokenizeError> {
    let mut merges = Merges::new();
    for (number, line) in (1..).zip(read_text(path)?.lines()) {
        if line.is_empty() || line.starts_with("#version") {
            continue;
        }
        let invalid = |reason| TokenizeError::Line { path: path.to_owned(), line: number, reason };
        let (left, right) = line
            .split_once(' ')
            .filter(|(left, right)| !left.is_empty() && !right.is_empty() && !right.contains(' '))
            .ok_or_else(|| invalid(format!("`{line}` is not two tokens separated by a space")))?;
        for token in [left, right, &format!("{left}{right}")] {
            if !vocabulary.contains_key(token) {
                return Err(invalid(format!("`{token}` is not in the vocabulary")));
            }
        }
        merges.push((left.to_owned(), right.to_owned()));
    }
    Ok(merges)
}

/// The entries of a JSON object, including repeated keys.
struct Entries(Vec<(String, u32)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the id of each token")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}
