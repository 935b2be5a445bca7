use crate::{Order, token_budget_batches};

/// A place in the order of batches: all that a checkpoint has to keep of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchPosition {
    /// The pass over the data, from 0.
    pub epoch: u64,
    /// The batch in that pass, from 0.
    pub batch: usize,
}

/// Endless batches for training: epoch after epoch, each in an order of its own, from any position.
///
/// Yields the position of a batch and its indices (see [`token_budget_batches`]); without examples it yields nothing. A
/// position means the same batch whether the stream got there step by step or by [`seek`](Self::seek), so a run that
/// stops and resumes sees the batches of a run that never stopped.
#[derive(Clone, Debug)]
pub struct BatchStream {
    lengths: Vec<(usize, usize)>,
    budget: usize,
    seed: u64,
    position: BatchPosition,
    /// The batches of the epoch in `position`, once one of them was asked for.
    epoch_batches: Option<Vec<Vec<usize>>>,
}

impl BatchStream {
    /// A stream over examples of these source and target lengths, with `budget` tokens a batch, from the first batch of
    /// epoch 0.
    pub fn new(lengths: Vec<(usize, usize)>, budget: usize, seed: u64) -> Self {
        Self { lengths, budget, seed, position: BatchPosition::default(), epoch_batches: None }
    }

    /// The same stream from this position. The work is that of one epoch, however far the position is. A position
    /// behind the last batch of its epoch is the start of the next epoch.
    #[must_use]
    pub fn seek(self, position: BatchPosition) -> Self {
        Self { position, epoch_batches: None, ..self }
    }

    /// The position to [`seek`](Self::seek) for the batch that comes next.
    pub fn position(&self) -> BatchPosition {
        self.position
    }

    fn batch_here(&mut self) -> Option<Vec<usize>> {
        let order = Order::Shuffled { seed: self.seed, epoch: self.position.epoch };
        let batches = self
            .epoch_batches
            .get_or_insert_with(|| token_budget_batches(&self.lengths, self.budget, order));
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
