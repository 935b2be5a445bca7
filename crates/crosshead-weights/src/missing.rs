//! The error of a tensor that is not there.

use std::cmp::Reverse;

use crate::{TensorSource, WeightsError};

/// How many names a message gives.
const SHOWN: usize = 3;

impl TensorSource {
    /// What a message says of the names that there are in place of a missing one: similar names, or else the first.
    pub fn names_like(&self, name: &str) -> String {
        there(name, &self.names().collect::<Vec<_>>())
    }

    /// The error of a tensor that is not there.
    pub(crate) fn missing(&self, name: &str) -> WeightsError {
        let (path, there) = (self.file(name).to_owned(), self.names_like(name));
        WeightsError::MissingTensor { path, tensor: name.to_owned(), there }
    }
}

/// What a message says of the names that there are.
fn there(name: &str, names: &[&str]) -> String {
    let quoted = |names: &[&str]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let mut similar: Vec<&str> =
        names.iter().copied().filter(|other| 3 * likeness(name, other) > 2 * name.len()).collect();
    similar.sort_by_key(|other| Reverse(likeness(name, other)));
    similar.truncate(SHOWN);
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

/// How many characters two names share at their beginning and at their end.
fn likeness(a: &str, b: &str) -> usize {
    let same = |(a, b): &(u8, u8)| a == b;
    let start = a.bytes().zip(b.bytes()).take_while(same).count();
    let end = a.bytes().rev().zip(b.bytes().rev()).take_while(same).count();
    (start + end).min(a.len()).min(b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_given_before_others() {
        let names =
            ["encoder.layers.0.norm.weight", "decoder.x", "a", "b", "encoder.layer.1.norm.bias"];
        let found = there("encoder.layer.0.norm.weight", &names);
        assert_eq!(
            found,
            "similar names in it are `encoder.layers.0.norm.weight`, `encoder.layer.1.norm.bias`"
        );
        assert_eq!(there("lm_head.weight", &names[1..4]), "it has `decoder.x`, `a`, `b`");
        assert_eq!(
            there("lm_head.weight", &["p", "q", "r", "s", "t"]),
            "it has `p`, `q`, `r` and 2 more"
        );
        assert_eq!(there("lm_head.weight", &[]), "it has no tensors");
    }
}
