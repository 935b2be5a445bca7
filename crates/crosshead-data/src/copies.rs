//! Auxiliary pairs that train a model to copy words.

use crate::Pair;
use crate::random::SplitMix64;

/// The source prefix of the copying task.
const PREFIX: &str = "copy: ";

/// The minimum and maximum number of words to copy.
const WORDS: (usize, usize) = (2, 10);

/// Makes `per_pair` copying examples from each pair: the source is `copy: ` and 2 to 10 consecutive words of the pair's
/// source, the target is the same words.
///
/// With few training pairs, a model hardly learns to copy words that it has not seen. Training on this auxiliary task,
/// marked by a prefix as in T5 (Raffel et al. 2020, section 2.4), teaches it to copy. The chosen words are a pure
/// function of the seed and the index of the pair. A source with a single word yields no examples.
pub fn copy_pairs(pairs: &[Pair], per_pair: usize, seed: u64) -> Vec<Pair> {
    let (min_words, max_words) = WORDS;
    let of_pair = |(index, pair): (usize, &Pair)| {
        let words: Vec<&str> = pair.source.split_whitespace().collect();
        let mut random = SplitMix64::of_example(seed, 0, index);
        let copies = if words.len() < min_words { 0 } else { per_pair };
        let copy = |_| {
            let longest = words.len().min(max_words);
            let len = min_words + random.below(longest - min_words + 1);
            let start = random.below(words.len() - len + 1);
            let target = words[start..][..len].join(" ");
            Pair { source: format!("{PREFIX}{target}"), target }
        };
        (0..copies).map(copy).collect::<Vec<Pair>>()
    };
    pairs.iter().enumerate().flat_map(of_pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(sources: &[String]) -> Vec<Pair> {
        let pair = |source: &String| Pair { source: source.clone(), target: "title".to_owned() };
        sources.iter().map(pair).collect()
    }

    proptest! {
        #[test]
        fn copies_are_words_of_their_sources(
            sources in prop::collection::vec("( ?[a-z]{1,3}){2,14}", 1..6), per_pair in 0_usize..4, seed: u64,
        ) {
            let copies = copy_pairs(&pairs(&sources), per_pair, seed);
            prop_assert_eq!(&copies, &copy_pairs(&pairs(&sources), per_pair, seed));
            let long = |source: &&String| source.split_whitespace().count() >= WORDS.0;
            let sources: Vec<&String> = sources.iter().filter(long).collect();
            prop_assert_eq!(copies.len(), sources.len() * per_pair);
            for (i, copy) in copies.iter().enumerate() {
                let words = sources[i / per_pair].split_whitespace().collect::<Vec<_>>().join(" ");
                prop_assert!(words.contains(&copy.target), "{} in {words}", copy.target);
                prop_assert_eq!(&copy.source, &format!("copy: {}", copy.target));
                prop_assert!((WORDS.0..=WORDS.1).contains(&copy.target.split(' ').count()));
            }
        }
    }
}
