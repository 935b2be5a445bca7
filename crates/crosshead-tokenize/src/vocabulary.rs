//! Vocabularies in files of their own: `vocab.txt`, `vocab.json`, `merges.txt`.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokenizers::models::bpe::{Merges, Vocab};

use crate::TokenizeError;
use crate::files::{read_json, read_text};

/// Reads `vocab.txt`: a token a line, its id the number of the line, from 0.
///
/// # Errors
/// If the file can't be read, or a token is there twice.
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

/// Reads `vocab.json`: the id of each token. The place of a token in the result is its id.
///
/// # Errors
/// If the file can't be read, a token or an id is there twice, or an id is left out.
pub(crate) fn read_ids(path: &Path) -> Result<Vec<String>, TokenizeError> {
    let Entries(entries) = read_json(path)?;
    let wrong = |key: &str, reason: String| {
        Err(TokenizeError::Key { path: path.to_owned(), key: key.to_owned(), reason })
    };
    let size = entries.len();
    let mut tokens: Vec<Option<String>> = vec![None; size];
    let mut places = HashMap::with_capacity(size);
    for (token, id) in entries {
        if places.insert(token.clone(), id).is_some() {
            return wrong(&token, "the token is there twice".to_owned());
        }
        match tokens.get_mut(id as usize) {
            None => {
                let reason =
                    format!("the id {id}, but {size} tokens have the ids 0 to {}", size - 1);
                return wrong(&token, reason);
            }
            Some(Some(other)) => {
                return wrong(&token, format!("the id {id}, which `{other}` has too"));
            }
            Some(place) => *place = Some(token),
        }
    }
    // As many tokens as places, each in a place of its own.
    Ok(tokens.into_iter().flatten().collect())
}

/// Reads `merges.txt`: a pair of tokens a line, the first that is merged first.
///
/// # Errors
/// If the file can't be read, or a line is no pair of tokens that together are a token.
pub(crate) fn read_merges(path: &Path, vocabulary: &Vocab) -> Result<Merges, TokenizeError> {
    let mut merges = Merges::new();
    for (place, line) in read_text(path)?.lines().enumerate() {
        if line.is_empty() || line.starts_with("#version") {
            continue;
        }
        let wrong = |reason| TokenizeError::Line { path: path.to_owned(), line: place + 1, reason };
        let (left, right) = line
            .split_once(' ')
            .filter(|(left, right)| !left.is_empty() && !right.is_empty() && !right.contains(' '))
            .ok_or_else(|| wrong(format!("`{line}` is not two tokens with a space between")))?;
        for token in [left, right, &format!("{left}{right}")] {
            if !vocabulary.contains_key(token) {
                return Err(wrong(format!("`{token}` is not in the vocabulary")));
            }
        }
        merges.push((left.to_owned(), right.to_owned()));
    }
    Ok(merges)
}

/// A JSON object of numbers with every key as often as it is there.
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
