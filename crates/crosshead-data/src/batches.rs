//! Splits the examples of an epoch into batches, and orders them.

use crate::Lengths;
use crate::random::SplitMix64;

/// The order of examples and batches in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A fixed order, for evaluation: short to long in [`token_budget_batches`], otherwise as given.
    Sorted,
    /// A random order, for training. [`token_budget_batches`] still groups examples of similar length.
    Shuffled {
        /// The seed of the random order.
        seed: u64,
        /// The pass over the data. Each epoch has a different order.
        epoch: u64,
    },
}

/// Groups examples of similar length into batches of about `budget` tokens, counted with padding (Vaswani et al. 2017,
/// section 5.1).
///
/// A batch is a list of indices into `lengths`, and every example is in exactly one batch. The examples are shuffled,
/// sorted by target length and then source length, and cut where `(longest source + longest target) · examples` would
/// exceed the budget; then the batches are shuffled. An example that exceeds the budget by itself forms its own batch. The
/// result depends only on the arguments and is the same on every platform.
pub fn token_budget_batches(lengths: &[Lengths], budget: usize, order: Order) -> Vec<Vec<usize>> {
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

/// Batches of `size` examples (at least one). Every example is in exactly one batch; the last batch may be smaller.
///
/// [`Order::Sorted`] keeps the examples in the given order, [`Order::Shuffled`] shuffles them. The result depends only
/// on the arguments and is the same on every platform.
pub fn fixed_size_batches(examples: usize, size: usize, order: Order) -> Vec<Vec<usize>> {
    let mut indices: Vec<usize> = (0..examples).collect();
    if let Order::Shuffled { seed, epoch } = order {
        SplitMix64::of_epoch(seed, epoch).shuffle(&mut indices);
    }
    indices.chunks(size.max(1)).map(<[usize]>::to_vec).collect()
}

/// Batches of `size` indices below `bound`, drawn independently with replacement: an index may occur several times or not
/// at all.
///
/// With the indices as offsets into a text, this samples windows for a language model from one long sequence. If `bound` is
/// 0, there are no batches. The result depends only on the arguments and is the same on every platform.
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

/// Sorts by target length, then source length. The sort is stable, so a shuffle before it decides the order of examples
/// with equal lengths.
fn sorted(mut indices: Vec<usize>, lengths: &[Lengths]) -> Vec<usize> {
    indices.sort_by_key(|&index| (lengths[index].target, lengths[index].source));
    indices
}

fn cut(indices: Vec<usize>, lengths: &[Lengths], budget: usize) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let (mut src_len, mut tgt_len) = (0, 0);
    for index in indices {
        let Lengths { source, target } = lengths[index];
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
