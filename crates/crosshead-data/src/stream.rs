//! Batches of epoch after epoch, from any position on.

use crate::{Order, drawn_batches, fixed_size_batches, token_budget_batches};

/// A place in the order of batches: all that a checkpoint has to keep of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchPosition {
    /// The pass over the data, from 0.
    pub epoch: u64,
    /// The batch in that pass, from 0.
    pub batch: usize,
}

/// How examples fall into batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batching {
    /// As [`token_budget_batches`].
    Tokens {
        /// Source and target length of each example.
        lengths: Vec<(usize, usize)>,
        /// Tokens of a batch, padding included.
        budget: usize,
    },
    /// As [`fixed_size_batches`].
    Examples {
        /// The number of examples.
        examples: usize,
        /// Examples of a batch.
        size: usize,
    },
    /// As [`drawn_batches`].
    Draws {
        /// Indices are below this number.
        bound: usize,
        /// Indices of a batch.
        size: usize,
        /// Batches that count as one epoch.
        batches: usize,
    },
}

impl Batching {
    fn epoch(&self, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
        let order = Order::Shuffled { seed, epoch };
        match *self {
            Self::Tokens { ref lengths, budget } => token_budget_batches(lengths, budget, order),
            Self::Examples { examples, size } => fixed_size_batches(examples, size, order),
            Self::Draws { bound, size, batches } => {
                drawn_batches(bound, size, batches, seed, epoch)
            }
        }
    }
}

/// Endless batches for training: epoch after epoch, each in an order of its own, from any position.
///
/// Yields the position of a batch and its indices; without examples it yields nothing. A position means the same batch
/// whether the stream got there step by step or by [`seek`](Self::seek), so a run that stops and resumes sees the
/// batches of a run that never stopped.
#[derive(Clone, Debug)]
pub struct BatchStream {
    batching: Batching,
    seed: u64,
    position: BatchPosition,
    /// The batches of the epoch in `position`, once one of them was asked for.
    epoch_batches: Option<Vec<Vec<usize>>>,
}

impl BatchStream {
    /// A stream from the first batch of epoch 0.
    pub fn new(batching: Batching, seed: u64) -> Self {
        Self { batching, seed, position: BatchPosition::default(), epoch_batches: None }
    }

    /// The same stream from this position. The work is that of one epoch, however far the position is. A position
    /// after the last batch of its epoch is the start of the next epoch.
    #[must_use]
    pub fn seek(self, position: BatchPosition) -> Self {
        Self { position, epoch_batches: None, ..self }
    }

    /// The position to [`seek`](Self::seek) for the batch that comes next.
    pub fn position(&self) -> BatchPosition {
        self.position
    }

    fn batch_here(&mut self) -> Option<Vec<usize>> {
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
        let indices = self.batch_here().or_else(|| {
            self.start_next_epoch();
            self.batch_here()
        })?;
        let position = self.position;
        self.position.batch += 1;
        Some((position, indices))
    }
}
