use crate::random::SplitMix64;

/// The order of the examples in an epoch, and of its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From short to long, examples of equal lengths as they were given: for evaluation.
    Sorted,
    /// Examples of similar length together, in random batches in random order: for training.
    Shuffled {
        /// Which of the random orders.
        seed: u64,
        /// The pass over the data; each has an order of its own.
        epoch: u64,
    },
}

/// Groups examples of similar length into batches of about `budget` tokens, counted with padding (Vaswani et al. 2017,
/// section 5.1).
///
/// `lengths` has the source and target length of each example; a batch is a list of indices into it, and every example
/// is in exactly one. The examples are shuffled, sorted by target length and then source length, and cut where
/// `(longest source + longest target) · examples` would exceed the budget; then the batches are shuffled. An example that
/// exceeds it by itself is a batch of its own. The result depends on the arguments alone, on every platform.
pub fn token_budget_batches(
    lengths: &[(usize, usize)],
    budget: usize,
    order: Order,
) -> Vec<Vec<usize>> {
    let mut indices: Vec<usize> = (0..lengths.len()).collect();
    match order {
        Order::Sorted => cut(sorted(indices, lengths), lengths, budget),
        Order::Shuffled { seed, epoch } => {
            let mut random = SplitMix64::of_epoch(seed, epoch);
            random.shuffle(&mut indices);
            let mut batches = cut(sorted(indices, lengths), lengths, budget);
            random.shuffle(&mut batches);
            batches
        }
    }
}

/// Stable, so that a shuffle before it still decides between examples of equal lengths.
fn sorted(mut indices: Vec<usize>, lengths: &[(usize, usize)]) -> Vec<usize> {
    indices.sort_by_key(|&index| {
        let (source, target) = lengths[index];
        (target, source)
    });
    indices
}

fn cut(indices: Vec<usize>, lengths: &[(usize, usize)], budget: usize) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let (mut src_len, mut tgt_len) = (0, 0);
    for index in indices {
        let (source, target) = lengths[index];
        (src_len, tgt_len) = (source.max(src_len), target.max(tgt_len));
        match batches.last_mut() {
            Some(batch) if (src_len + tgt_len) * (batch.len() + 1) <= budget => batch.push(index),
            _ => {
                batches.push(vec![index]);
                (src_len, tgt_len) = (source, target);
            }
        }
    }
    batches
}
