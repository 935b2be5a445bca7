//! How the examples of an epoch fall into batches, and in which order.

use crate::random::SplitMix64;

/// The order of the examples in an epoch, and of its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Always the same, from short to long where lengths count, otherwise as given: for evaluation.
    Sorted,
    /// Random, but where lengths count, examples of similar length together: for training.
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

/// Batches of `size` examples (at least one), each example in exactly one; the last batch has those that are left.
///
/// [`Order::Sorted`] takes the examples as they were given, [`Order::Shuffled`] in a random order. The result depends on
/// the arguments alone, on every platform.
pub fn fixed_size_batches(examples: usize, size: usize, order: Order) -> Vec<Vec<usize>> {
    let mut indices: Vec<usize> = (0..examples).collect();
    if let Order::Shuffled { seed, epoch } = order {
        SplitMix64::of_epoch(seed, epoch).shuffle(&mut indices);
    }
    indices.chunks(size.max(1)).map(<[usize]>::to_vec).collect()
}

/// Batches of `size` indices below `bound`, each drawn by itself, so that an index may come several times or not at all.
///
/// With indices as offsets into a text this is how a language model sees a text that is one long sequence. Without an
/// index to draw there is no batch. The result depends on the arguments alone, on every platform.
pub fn drawn_batches(
    bound: usize,
    size: usize,
    batches: usize,
    seed: u64,
    epoch: u64,
) -> Vec<Vec<usize>> {
    if bound == 0 {
        return Vec::new();
    }
    let mut random = SplitMix64::of_epoch(seed, epoch);
    let mut batch = || (0..size.max(1)).map(|_| random.below(bound)).collect();
    (0..batches).map(|_| batch()).collect()
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
