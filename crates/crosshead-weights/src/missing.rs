//! The error of a tensor that is not there.

use std::cmp::Reverse;

use crate::{TensorSource, WeightsError};

/// How many names a message gives.
const SHOWN: usize = 3;

impl TensorSource {
    /// What a message says of the names that there are in place of a missing one: similar ones, those of `strangers`
    /// before others, or else the first.
    pub fn names_like(&self, name: &str, strangers: &[&str]) -> String {
        there(name, strangers, &self.names().collect::<Vec<_>>())
    }

    /// The error of a tensor that is not there.
    pub(crate) fn missing(&self, name: &str) -> WeightsError {
        let (path, there) = (self.file(name).to_owned(), self.names_like(name, &[]));
        WeightsError::MissingTensor { path, tensor: name.to_owned(), there }
    }
}

/// What a message says of the names that there are.
fn there(name: &str, strangers: &[&str], names: &[&str]) -> String {
    let quoted = |names: &[&str]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let similar = match similar(name, strangers) {
        none if none.is_empty() => similar(name, names),
        some => some,
    };
    match (similar.as_slice(), names) {
        ([], []) => "it has no tensors".to_owned(),
        ([], names) => match names.split_at_checked(SHOWN) {
            Some((first, rest @ [_, ..])) => {
                format!("it has {} and {} more", quoted(first), rest.len())
            }
            _ => format!("it has {}", quoted(names)),
        },
        (similar, _) => format!("similar names in it are {}", quoted(similar)),
    }
}

/// The names that share at least half of their segments with `name`, in its order, the most similar first.
fn similar<'a>(name: &str, names: &[&'a str]) -> Vec<&'a str> {
    let segments = |name: &str| name.split('.').count();
    let is_similar =
        |other: &&&str| 4 * shared_segments(name, other) >= segments(name) + segments(other);
    let mut similar: Vec<&str> = names.iter().filter(is_similar).copied().collect();
    similar.sort_by_key(|other| Reverse((shared_segments(name, other), shared_ends(name, other))));
    similar.truncate(SHOWN);
    similar
}

/// The length of the longest common subsequence of the names' segments.
fn shared_segments(a: &str, b: &str) -> usize {
    let b: Vec<&str> = b.split('.').collect();
    let mut best = vec![0; b.len() + 1];
    for segment in a.split('.') {
        let mut diagonal = 0;
        for (place, other) in b.iter().enumerate() {
            let found =
                if segment == *other { diagonal + 1 } else { best[place].max(best[place + 1]) };
            diagonal = std::mem::replace(&mut best[place + 1], found);
        }
    }
    best[b.len()]
}

/// How many bytes two names share at their beginning and at their end.
fn shared_ends(a: &str, b: &str) -> usize {
    let same = |(a, b): &(u8, u8)| a == b;
    let start = a.bytes().zip(b.bytes()).take_while(same).count();
    let end = a.bytes().rev().zip(b.bytes().rev()).take_while(same).count();
    start + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_given_before_others_and_strangers_first() {
        let names = ["a.norm.bias", "a.norm.weight", "b", "decoder.x", "a.1.norm.bias"];
        let expected = "similar names in it are `a.norm.weight`, `a.1.norm.bias`, `a.norm.bias`";
        assert_eq!(there("a.1.norm.weight", &[], &names), expected);
        let stranger = there("a.1.norm.weight", &["a.norm.bias", "b"], &names);
        assert_eq!(stranger, "similar names in it are `a.norm.bias`");
        assert_eq!(there("lm_head.weight", &[], &names[2..4]), "it has `b`, `decoder.x`");
        let first = there("lm_head.weight", &["p"], &["p", "q", "r", "s", "t"]);
        assert_eq!(first, "it has `p`, `q`, `r` and 2 more");
        assert_eq!(there("lm_head.weight", &[], &[]), "it has no tensors");
    }

    #[test]
    fn segments_count_in_their_order() {
        assert_eq!(shared_segments("a.b.c.d", "b.c.x.d"), 3);
        assert_eq!(shared_segments("a.b", "b.a"), 1);
        assert_eq!(shared_segments("a", "b"), 0);
    }
}
