//! Training pairs whose segmentations are drawn again in every epoch.

use std::sync::{Arc, Mutex, PoisonError};

use crosshead_data::{EpochLengths, Example, Lengths, Pair};
use crosshead_kernels::RandomKey;
use crosshead_tokenize::SubwordSampler;

/// The number of epochs whose examples are kept: a step may read the end of one and the start of the next.
const KEPT: usize = 2;

/// Training pairs, and the segmentations of each epoch: a pure function of seed, epoch and pair.
#[derive(Debug)]
pub(super) struct Segmentations {
    sampler: SubwordSampler,
    /// The pairs, the sources with their prefix.
    pairs: Vec<Pair>,
    /// The segmentations without sampling, which replace those that are too long.
    plain: Vec<Example>,
    max_len: usize,
    key: RandomKey,
    epochs: Mutex<Vec<Epoch>>,
}

/// The examples of an epoch.
#[derive(Clone, Debug)]
struct Epoch {
    number: u64,
    examples: Arc<Vec<Example>>,
}

impl Segmentations {
    /// `plain` has the examples of the pairs without sampling, each with sources and targets of at most `max_len` ids.
    pub(super) fn new(
        sampler: SubwordSampler,
        pairs: Vec<Pair>,
        plain: Vec<Example>,
        max_len: usize,
        seed: u64,
    ) -> Self {
        let key = RandomKey::new(seed).stream("segmentations");
        Self { sampler, pairs, plain, max_len, key, epochs: Mutex::default() }
    }

    /// The example with this index of the training batches.
    pub(super) fn example(&self, index: usize) -> Example {
        let (epoch, number) = (index / self.pairs.len(), index % self.pairs.len());
        self.epoch(epoch as u64)[number].clone()
    }

    /// The examples of an epoch.
    fn epoch(&self, number: u64) -> Arc<Vec<Example>> {
        let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = epochs.iter().find(|epoch| epoch.number == number) {
            return known.examples.clone();
        }
        let key = self.key.at_step(number);
        let examples =
            self.pairs.iter().enumerate().map(|(i, pair)| self.drawn(key.index(i), i, pair));
        let examples = Arc::new(examples.collect::<Vec<_>>());
        if epochs.len() == KEPT {
            epochs.remove(0);
        }
        epochs.push(Epoch { number, examples: examples.clone() });
        examples
    }

    fn drawn(&self, key: RandomKey, number: usize, pair: &Pair) -> Example {
        let plain = &self.plain[number];
        let [source, target, ..] = key.words(0).map(u64::from);
        let [more_source, more_target, ..] = key.words(1).map(u64::from);
        let source = self.sampler.encode_with_special(&pair.source, source << 32 | more_source);
        let target = self.sampler.encode_target(&pair.target, target << 32 | more_target);
        let fits = |ids: &Vec<u32>| ids.len() <= self.max_len;
        Example {
            source: source.ok().filter(fits).unwrap_or_else(|| plain.source.clone()),
            target: target.ok().filter(fits).unwrap_or_else(|| plain.target.clone()),
        }
    }
}

impl EpochLengths for Segmentations {
    fn lengths(&self, epoch: u64) -> Vec<Lengths> {
        self.epoch(epoch).iter().map(Example::lengths).collect()
    }
}
