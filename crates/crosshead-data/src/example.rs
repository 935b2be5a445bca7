//! Pairs as ids, and what happens to those that are too long.

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

/// What happens to an example with a side that is too long.
///
/// Attention takes memory in proportion to the square of a length, so one stray document among the sentences can take
/// all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongExamples {
    /// It is left out.
    Drop,
    /// Both sides are cut to the limit and closed again with their last id. The rest of the text is lost to training.
    Truncate,
}

/// Keeps every side of every example within `max_len` ids (at least one, the end-of-sequence id), in order.
///
/// Returns the examples, and how many of those given were too long and so dropped or truncated.
pub fn filter_by_length(
    mut examples: Vec<Example>,
    max_len: usize,
    long_examples: LongExamples,
) -> (Vec<Example>, usize) {
    let max_len = max_len.max(1);
    let mut too_long = 0;
    examples.retain_mut(|example| {
        if example.source.len() <= max_len && example.target.len() <= max_len {
            return true;
        }
        too_long += 1;
        match long_examples {
            LongExamples::Drop => false,
            LongExamples::Truncate => {
                truncate(&mut example.source, max_len);
                truncate(&mut example.target, max_len);
                true
            }
        }
    });
    (examples, too_long)
}

/// Removes ids from before the last one, which closes the sequence.
fn truncate(ids: &mut Vec<u32>, max_len: usize) {
    let excess = ids.len().saturating_sub(max_len);
    let end = ids.len().saturating_sub(1);
    ids.drain(end.saturating_sub(excess)..end);
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
            let (kept, dropped) = filter_by_length(examples.clone(), max_len, LongExamples::Drop);
            let fitting: Vec<Example> = examples.iter().filter(|example| fits(example, max_len)).cloned().collect();
            prop_assert_eq!(dropped, examples.len() - fitting.len());
            prop_assert_eq!(kept, fitting);
        }

        #[test]
        fn truncating_keeps_the_start_and_the_end_of_every_example(examples in examples(), max_len in 1_usize..15) {
            let (kept, truncated) = filter_by_length(examples.clone(), max_len, LongExamples::Truncate);
            prop_assert_eq!(truncated, examples.iter().filter(|example| !fits(example, max_len)).count());
            prop_assert_eq!(kept.len(), examples.len());
            for (kept, given) in kept.iter().zip(&examples) {
                for (kept, given) in [(&kept.source, &given.source), (&kept.target, &given.target)] {
                    prop_assert_eq!(kept.len(), given.len().min(max_len));
                    prop_assert_eq!(kept.last(), Some(&EOS));
                    prop_assert_eq!(&kept[..kept.len() - 1], &given[..kept.len() - 1]);
                }
            }
        }
    }

    #[test]
    fn a_limit_of_zero_leaves_the_end_of_the_sequence() {
        let example = Example { source: vec![5, 6, EOS], target: vec![EOS] };
        let (kept, truncated) = filter_by_length(vec![example], 0, LongExamples::Truncate);
        assert_eq!(kept, [Example { source: vec![EOS], target: vec![EOS] }]);
        assert_eq!(truncated, 1);
    }
}
