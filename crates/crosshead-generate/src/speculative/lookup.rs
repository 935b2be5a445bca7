//! Drafts copied from the source, the prompt and the text so far.

use super::{Drafter, SoFar};

/// The longest and the shortest sequence of tokens that is looked up.
const LONGEST: usize = 4;
const SHORTEST: usize = 2;

/// Drafts that continue an earlier occurrence of the last tokens: prompt lookup (Saxena, *Prompt Lookup Decoding*, 2023).
///
/// The last 4 tokens, or 3, or 2, are looked up in the source and then in the text so far, of which the prompt is a part. What
/// followed them there is drafted: in the source after the first occurrence, in the text after the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptLookup {
    tokens: usize,
}

impl PromptLookup {
    /// Drafts of up to `tokens` tokens.
    pub fn new(tokens: usize) -> Self {
        Self { tokens }
    }
}

impl Drafter for PromptLookup {
    fn draft(&mut self, so_far: SoFar<'_>) -> Vec<u32> {
        let SoFar { path, source, room, .. } = so_far;
        let count = self.tokens.min(room);
        (SHORTEST..=LONGEST.min(path.len()))
            .rev()
            .find_map(|n| {
                let last = &path[path.len() - n..];
                let copied = after_first(source, last).map(|rest| rest.iter().copied().take(count));
                copied.map(Iterator::collect).or_else(|| after_latest(path, n, count))
            })
            .unwrap_or_default()
    }
}

/// What follows the first occurrence of `last` in the source.
fn after_first<'a>(source: &'a [u32], last: &[u32]) -> Option<&'a [u32]> {
    let at = source.windows(last.len()).position(|tokens| tokens == last)?;
    Some(&source[at + last.len()..]).filter(|rest| !rest.is_empty())
}

/// `count` tokens that follow the latest earlier occurrence of the last `n` tokens of the path. Where the path ends, the copy goes
/// on in itself, so that a repetition is repeated.
fn after_latest(path: &[u32], n: usize, count: usize) -> Option<Vec<u32>> {
    let last = &path[path.len() - n..];
    let at = path[..path.len() - 1].windows(n).rposition(|tokens| tokens == last)?;
    let mut text = path.to_vec();
    for next in at + n..at + n + count {
        text.push(text[next]);
    }
    Some(text.split_off(path.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(source: &[u32], path: &[u32], room: usize) -> Vec<u32> {
        let so_far = SoFar { sequence: 0, path, prompt_len: 1, source, room };
        PromptLookup::new(5).draft(so_far)
    }

    #[test]
    fn the_longest_match_is_continued() {
        assert_eq!(draft(&[], &[1, 2, 3, 9, 9, 5, 2, 3, 7, 1, 2, 3], 2), [9, 9]);
        assert_eq!(draft(&[], &[9, 5, 2, 3, 7, 1, 2, 3], 2), [7, 1]);
        assert!(draft(&[], &[4, 3, 7, 1, 2, 3], 2).is_empty());
    }

    #[test]
    fn the_source_comes_first() {
        assert_eq!(draft(&[2, 3, 4, 5], &[0, 2, 3, 8, 2, 3], 9), [4, 5]);
        assert_eq!(draft(&[1, 2, 3], &[0, 2, 3, 8, 2, 3], 9), [8, 2, 3, 8, 2]);
    }

    #[test]
    fn a_repetition_is_repeated() {
        assert_eq!(draft(&[], &[8, 1, 2, 1, 2], 5), [1, 2, 1, 2, 1]);
        assert_eq!(draft(&[], &[6, 6, 6], 3), [6, 6, 6]);
    }
}
