//! How a corpus is sampled.

use crate::setting::Setting;

/// A method to test whether two systems differ, by their scores on the same segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairedTest {
    /// Draws segments with replacement (Koehn 2004, *Statistical Significance Tests for Machine Translation Evaluation*).
    Bootstrap,
    /// Exchanges the outputs of the systems at random (Riezler and Maxwell 2005, *On Some Pitfalls in Automatic Evaluation
    /// and Significance Testing for MT*).
    Randomization,
}

/// Random samples of a corpus. NumPy's generator draws them, so confidence intervals and p-values are those of sacreBLEU.
///
/// sacreBLEU scores bootstrap samples in single precision, which changes a mean or an interval by less than 10⁻⁴.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    pub(crate) test: PairedTest,
    pub(crate) samples: usize,
    pub(crate) seed: u64,
}

impl Sampling {
    /// sacreBLEU's defaults: 1,000 bootstrap samples or 10,000 randomization trials, with seed 12345.
    pub fn new(test: PairedTest) -> Self {
        let samples = match test {
            PairedTest::Bootstrap => 1000,
            PairedTest::Randomization => 10_000,
        };
        Self { test, samples, seed: 12345 }
    }

    /// Sets the number of samples (at least one).
    pub fn with_samples(mut self, samples: usize) -> Self {
        self.samples = samples.max(1);
        self
    }

    /// Sets the seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The method.
    pub fn test(&self) -> PairedTest {
        self.test
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// The settings of samples in a signature: the number of samples of each method, and the seed.
pub(crate) fn settings(samplings: &[Sampling]) -> Vec<Setting> {
    let count = |key, test| {
        let sampling = samplings.iter().find(|sampling| sampling.test == test);
        sampling.map(|sampling| Setting::new(key, sampling.samples.to_string()))
    };
    let seed = samplings.first().map(|sampling| Setting::new("seed", sampling.seed.to_string()));
    let counts = [count("bs", PairedTest::Bootstrap), count("ar", PairedTest::Randomization)];
    counts.into_iter().flatten().chain(seed).collect()
}
