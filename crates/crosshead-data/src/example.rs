//! Tokenized pairs, and a filter by length.

/// A tokenized training pair. Source and target both end with the end-of-sequence id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The token ids of the source.
    pub source: Vec<u32>,
    /// The token ids of the target.
    pub target: Vec<u32>,
}

/// The lengths of a pair, in token ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    /// The length of the source.
    pub source: usize,
    /// The length of the target; 0 for examples without one.
    pub target: usize,
}

impl Example {
    /// The lengths of source and target.
    pub fn lengths(&self) -> Lengths {
        Lengths { source: self.source.len(), target: self.target.len() }
    }
}

/// The result of [`filter_by_length`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilteredExamples {
    /// The examples within the limit, in their original order.
    pub kept: Vec<Example>,
    /// The number of examples that were dropped.
    pub dropped: usize,
}

/// Drops the examples whose source or target has more than `max_len` ids. A limit of 0 counts as 1, which is the
/// end-of-sequence id.
///
/// The memory of attention grows with the square of the sequence length, so a single long document among sentences can
/// exhaust it.
pub fn filter_by_length(examples: Vec<Example>, max_len: usize) -> FilteredExamples {
    let (max_len, total) = (max_len.max(1), examples.len());
    let mut kept = examples;
    kept.retain(|Example { source, target }| source.len() <= max_len && target.len() <= max_len);
    let dropped = total - kept.len();
    FilteredExamples { kept, dropped }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const EOS: u32 = 0;

    fn terminated() -> impl Strategy<Value = Vec<u32>> {
        vec(1_u32..50, 0..12).prop_map(|ids| [ids, vec![EOS]].concat())
    }

    fn examples() -> impl Strategy<Value = Vec<Example>> {
        vec(
            (terminated(), terminated()).prop_map(|(source, target)| Example { source, target }),
            0..12,
        )
    }

    fn fits(example: &Example, max_len: usize) -> bool {
        example.source.len() <= max_len && example.target.len() <= max_len
    }

    proptest! {
        #[test]
        fn filtering_keeps_exactly_the_examples_that_fit(examples in examples(), max_len in 1_usize..15) {
            let FilteredExamples { kept, dropped } = filter_by_length(examples.clone(), max_len);
            let fitting: Vec<Example> = examples.iter().filter(|example| fits(example, max_len)).cloned().collect();
            prop_assert_eq!(dropped, examples.len() - fitting.len());
            prop_assert_eq!(kept, fitting);
        }
    }

    #[test]
    fn a_limit_of_zero_keeps_the_end_of_sequence_id() {
        let end = Example { source: vec![EOS], target: vec![EOS] };
        let long = Example { source: vec![5, EOS], target: vec![EOS] };
        let filtered = filter_by_length(vec![long, end.clone()], 0);
        assert_eq!(filtered, FilteredExamples { kept: vec![end], dropped: 1 });
    }
}
