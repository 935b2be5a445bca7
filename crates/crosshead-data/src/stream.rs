//! An endless stream of batches that can start at any position.

use std::fmt;
use std::sync::Arc;

use crate::{Lengths, Order, drawn_batches, fixed_size_batches, token_budget_batches};

/// A position in the stream of batches: all the data state that a checkpoint needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchPosition {
    /// The pass over the data, from 0.
    pub epoch: u64,
    /// The batch within that pass, from 0.
    pub batch: usize,
}

/// The size of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// The number of tokens, including padding; see [`token_budget_batches`].
    Tokens(usize),
    /// The number of examples; see [`fixed_size_batches`].
    Examples(usize),
}

/// The lengths of examples that differ in every epoch.
pub trait EpochLengths: fmt::Debug + Send + Sync {
    /// The lengths of the examples of an epoch, of which every epoch has as many.
    fn lengths(&self, epoch: u64) -> Vec<Lengths>;
}

/// How to split examples into batches.
#[derive(Clone, Debug)]
pub enum Batching {
    /// See [`token_budget_batches`].
    Tokens {
        /// The lengths of each example.
        lengths: Vec<Lengths>,
        /// The number of tokens per batch, including padding.
        budget: usize,
    },
    /// See [`fixed_size_batches`].
    Examples {
        /// The number of examples.
        examples: usize,
        /// The number of examples per batch.
        size: usize,
    },
    /// See [`drawn_batches`].
    Draws {
        /// The exclusive upper bound of the indices.
        bound: usize,
        /// The number of indices per batch.
        size: usize,
        /// The number of batches per epoch.
        batches: usize,
    },
    /// Examples that differ in every epoch, such as random segmentations. The index of an example is its number plus the
    /// epoch times the number of examples, so that an index always denotes the same example.
    Varying {
        /// The lengths of each example in each epoch.
        lengths: Arc<dyn EpochLengths>,
        /// The size of a batch.
        size: BatchSize,
    },
}

impl Batching {
    /// The batches of an epoch, in their order.
    pub fn epoch(&self, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
        let order = Order::Shuffled { seed, epoch };
        match *self {
            Self::Tokens { ref lengths, budget } => token_budget_batches(lengths, budget, order),
            Self::Examples { examples, size } => fixed_size_batches(examples, size, order),
            Self::Draws { bound, size, batches } => {
                drawn_batches(bound, size, batches, seed, epoch)
            }
            Self::Varying { ref lengths, size } => {
                let lengths = lengths.lengths(epoch);
                let first = lengths.len().wrapping_mul(epoch as usize);
                let mut batches = match size {
                    BatchSize::Tokens(budget) => token_budget_batches(&lengths, budget, order),
                    BatchSize::Examples(size) => fixed_size_batches(lengths.len(), size, order),
                };
                batches.iter_mut().flatten().for_each(|index| *index = index.wrapping_add(first));
                batches
            }
        }
    }
}

/// An endless iterator over training batches. Each epoch has a different order.
///
/// Yields the position and the indices of each batch; without examples, it yields nothing. A position always denotes
/// the same batch, whether the stream reached it step by step or through [`seek`](Self::seek), so a resumed run sees
/// the same batches as an uninterrupted run.
#[derive(Clone, Debug)]
pub struct BatchStream {
    batching: Batching,
    seed: u64,
    position: BatchPosition,
    /// The batches of the epoch in `position`, computed when the first of them is requested.
    epoch_batches: Option<Vec<Vec<usize>>>,
}

impl BatchStream {
    /// A stream that starts at the first batch of epoch 0.
    pub fn new(batching: Batching, seed: u64) -> Self {
        Self { batching, seed, position: BatchPosition::default(), epoch_batches: None }
    }

    /// The same stream, starting at this position. This costs as much as ordering one epoch, however far away the
    /// position is. A position past the last batch of its epoch means the start of the next epoch.
    #[must_use]
    pub fn seek(self, position: BatchPosition) -> Self {
        Self { position, epoch_batches: None, ..self }
    }

    /// The position of the next batch, for [`seek`](Self::seek).
    pub fn position(&self) -> BatchPosition {
        self.position
    }

    fn current_batch(&mut self) -> Option<Vec<usize>> {
        let batches = self
            .epoch_batches
            .get_or_insert_with(|| self.batching.epoch(self.seed, self.position.epoch));
        batches.get(self.position.batch).cloned()
    }

    fn start_next_epoch(&mut self) {
        self.position = BatchPosition { epoch: self.position.epoch.wrapping_add(1), batch: 0 };
        self.epoch_batches = None;
    }
}

impl Iterator for BatchStream {
    type Item = (BatchPosition, Vec<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let indices = self.current_batch().or_else(|| {
            self.start_next_epoch();
            self.current_batch()
        })?;
        let position = self.position;
        self.position.batch += 1;
        Some((position, indices))
    }
}
