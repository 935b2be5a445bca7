//! Pairs as ids, without those that are too long.

/// A pair as ids, as a model is trained on it. Both sides end with the end-of-sequence id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The ids of the source text.
    pub source: Vec<u32>,
    /// The ids of the target text.
    pub target: Vec<u32>,
}

impl Example {
    /// The number of ids in the source and in the target.
    pub fn lengths(&self) -> (usize, usize) {
        (self.source.len(), self.target.len())
    }
}

/// Drops the examples with a side of more than `max_len` ids (at least one, the end-of-sequence id) and keeps the order.
///
/// Attention takes memory in proportion to the square of a length, so one stray document among the sentences can take
/// all there is. Returns the examples, and how many were dropped.
pub fn filter_by_length(mut examples: Vec<Example>, max_len: usize) -> (Vec<Example>, usize) {
    let (max_len, given) = (max_len.max(1), examples.len());
    examples
        .retain(|Example { source, target }| source.len() <= max_len && target.len() <= max_len);
    let dropped = given - examples.len();
    (examples, dropped)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const EOS: u32 = 0;

    fn closed() -> impl Strategy<Value = Vec<u32>> {
        vec(1_u32..50, 0..12).prop_map(|ids| [ids, vec![EOS]].concat())
    }

    fn examples() -> impl Strategy<Value = Vec<Example>> {
        vec((closed(), closed()).prop_map(|(source, target)| Example { source, target }), 0..12)
    }

    fn fits(example: &Example, max_len: usize) -> bool {
        example.source.len() <= max_len && example.target.len() <= max_len
    }

    proptest! {
        #[test]
        fn dropping_keeps_exactly_the_examples_that_fit(examples in examples(), max_len in 1_usize..15) {
            let (kept, dropped) = filter_by_length(examples.clone(), max_len);
            let fitting: Vec<Example> = examples.iter().filter(|example| fits(example, max_len)).cloned().collect();
            prop_assert_eq!(dropped, examples.len() - fitting.len());
            prop_assert_eq!(kept, fitting);
        }
    }

    #[test]
    fn a_limit_of_zero_leaves_the_end_of_the_sequence() {
        let end = Example { source: vec![EOS], target: vec![EOS] };
        let long = Example { source: vec![5, EOS], target: vec![EOS] };
        assert_eq!(filter_by_length(vec![long, end.clone()], 0), (vec![end], 1));
    }
}
