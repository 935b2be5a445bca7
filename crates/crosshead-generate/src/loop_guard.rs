//! Detection of repetition loops.

use serde::{Deserialize, Serialize};

/// Detects sequences that end in a loop: more consecutive copies of an n-gram, of any length, than allowed.
///
/// A looping hypothesis loses: greedy decoding and sampling end it, beam search drops it. It is returned only if there is no
/// other, cut after the first copy of the n-gram, with [`StopReason::Loop`](crate::StopReason::Loop). Other hypotheses do not
/// change. If the source has more copies of an n-gram in a row, the sequence may have as many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoopGuard {
    /// The number of consecutive copies of an n-gram that a sequence may have.
    pub max_copies: usize,
}

impl LoopGuard {
    /// A guard against more than `max_copies` consecutive copies of an n-gram.
    pub fn new(max_copies: usize) -> Self {
        Self { max_copies }
    }

    /// The number of copies that are allowed for this source.
    pub(crate) fn allowed(self, source: &[u32]) -> usize {
        let most = (1..=source.len() / 2).map(|n| longest_run(source, n)).max();
        self.max_copies.max(most.unwrap_or(1))
    }
}

/// The length of a sequence up to the end of the first copy of an n-gram, if the sequence ends with more than `allowed`
/// consecutive copies of it.
pub(crate) fn loop_start(tokens: &[u32], allowed: usize) -> Option<usize> {
    let copies = allowed + 1;
    (1..=tokens.len() / copies).find_map(|n| {
        let tail = &tokens[tokens.len() - n * copies..];
        (tail[n..] == tail[..tail.len() - n]).then_some(tokens.len() - n * (copies - 1))
    })
}

/// The largest number of consecutive copies of an n-gram of this size.
fn longest_run(tokens: &[u32], n: usize) -> usize {
    let (mut longest, mut equal) = (0, 0);
    for (token, before) in tokens[n..].iter().zip(tokens) {
        equal = if token == before { equal + 1 } else { 0 };
        longest = longest.max(equal);
    }
    1 + longest / n
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_loop_is_cut_after_its_first_copy() {
        assert_eq!(loop_start(&[1, 2, 2, 2, 2], 3), Some(2));
        assert_eq!(loop_start(&[1, 2, 2, 2], 3), None);
        assert_eq!(loop_start(&[9, 1, 2, 1, 2, 1, 2], 2), Some(3));
        assert_eq!(loop_start(&[9, 1, 2, 1, 2, 1, 2, 3], 2), None);
    }

    #[test]
    fn a_source_with_copies_allows_as_many() {
        let guard = LoopGuard::new(3);
        assert_eq!(guard.allowed(&[1, 2, 3]), 3);
        assert_eq!(guard.allowed(&[7, 5, 5, 5, 5, 5, 7]), 5);
        assert_eq!(guard.allowed(&[1, 2, 1, 2, 1, 2, 1, 2, 1]), 4);
    }

    proptest! {
        #[test]
        fn a_loop_is_found_at_the_first_copy_too_many(
            len in 0u32..5, gram in prop::collection::vec(0u32..3, 1..5), allowed in 1usize..5,
        ) {
            let start: Vec<u32> = (100..100 + len).collect();
            // The n-gram may itself have copies of a shorter one.
            let copies = [start.clone(), gram.repeat(allowed + 1)].concat();
            let cut = loop_start(&copies, allowed).unwrap();
            prop_assert!(cut > start.len() && cut <= copies.len());
            prop_assert_eq!(loop_start(&start, allowed), None);
        }
    }
}
