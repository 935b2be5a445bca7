//! The error for a missing tensor, with similar names.

use std::cmp::Reverse;

use crate::{TensorSource, WeightsError};

/// The number of names in a message.
const SHOWN: usize = 3;

impl TensorSource {
    /// Describes the names in the files, for a message about the missing tensor `name`: similar ones (among
    /// `unrecognized` if there are any, otherwise among all), or the first few.
    pub fn describe_names(&self, name: &str, unrecognized: &[&str]) -> String {
        describe(name, unrecognized, &self.names().collect::<Vec<_>>())
    }

    /// The error for a missing tensor.
    pub(crate) fn missing(&self, name: &str) -> WeightsError {
        let (path, there) = (self.file(name).to_owned(), self.describe_names(name, &[]));
        WeightsError::MissingTensor { path, tensor: name.to_owned(), there }
    }
}

fn describe(name: &str, unrecognized: &[&str], names: &[&str]) -> String {
    let quoted = |names: &[&str]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let similar = match similar(name, unrecognized) {
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

/// The names that share at least half of their segments with `name` in the same order, the most similar first.
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
        for (index, other) in b.iter().enumerate() {
            let found =
                if segment == *other { diagonal + 1 } else { best[index].max(best[index + 1]) };
            diagonal = std::mem::replace(&mut best[index + 1], found);
        }
    }
    best[b.len()]
}

/// The lengths of the longest common prefix and suffix, summed.
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
    fn similar_names_come_first_and_unrecognized_ones_before_the_rest() {
        let names = ["a.norm.bias", "a.norm.weight", "b", "decoder.x", "a.1.norm.bias"];
        let expected = "similar names in it are `a.norm.weight`, `a.1.norm.bias`, `a.norm.bias`";
        assert_eq!(describe("a.1.norm.weight", &[], &names), expected);
        let unrecognized = describe("a.1.norm.weight", &["a.norm.bias", "b"], &names);
        assert_eq!(unrecognized, "similar names in it are `a.norm.bias`");
        assert_eq!(describe("lm_head.weight", &[], &names[2..4]), "it has `b`, `decoder.x`");
        let first = describe("lm_head.weight", &["p"], &["p", "q", "r", "s", "t"]);
        assert_eq!(first, "it has `p`, `q`, `r` and 2 more");
        assert_eq!(describe("lm_head.weight", &[], &[]), "it has no tensors");
    }

    #[test]
    fn shared_segments_must_be_in_the_same_order() {
        assert_eq!(shared_segments("a.b.c.d", "b.c.x.d"), 3);
        assert_eq!(shared_segments("a.b", "b.a"), 1);
        assert_eq!(shared_segments("a", "b"), 0);
    }
}
