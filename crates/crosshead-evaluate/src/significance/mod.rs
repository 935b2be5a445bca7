//! Confidence intervals and paired tests as in sacreBLEU, with the same samples for the same seed.

mod numpy;

use serde::Serialize;

use crate::{Metric, SegmentStatistics, Setting};
use numpy::{Bits, Generator};

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
    test: PairedTest,
    samples: usize,
    seed: u64,
}

/// The mean score of bootstrap samples, and the 95 % confidence interval around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Confidence {
    /// The mean score of the samples.
    pub mean: f64,
    /// Half the width of the interval: the ± of `mean ± half_width`.
    pub half_width: f64,
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

    /// The mean and confidence interval of as many bootstrap samples, whatever the method of the test.
    pub fn confidence(&self, metric: &dyn Metric, system: &SegmentStatistics) -> Confidence {
        let mut scores = self.bootstrap([system], |[sum]| metric.value(&sum));
        scores.sort_by(f64::total_cmp);
        // 2.5 % of the samples are below the interval, and 2.5 % above it.
        let below = scores.len() / 40;
        let (low, high) = (scores[below], scores[scores.len() - below - 1]);
        Confidence { mean: mean(&scores), half_width: 0.5 * (high - low) }
    }

    /// The p-value of the difference of two systems: roughly the probability of a difference at least as large if both were
    /// the same system.
    ///
    /// As in sacreBLEU, only larger differences count, so two equal outputs have a p-value near 0, which means nothing.
    ///
    /// # Panics
    /// If the systems do not have the same number of segments.
    pub fn p_value(
        &self,
        metric: &dyn Metric,
        baseline: &SegmentStatistics,
        system: &SegmentStatistics,
    ) -> f64 {
        let counts = [baseline.count(), system.count()];
        assert_eq!(counts[0], counts[1], "the systems have different numbers of segments");
        let difference = |sums: [Vec<f64>; 2]| {
            let [baseline, system] = sums.map(|sum| metric.value(&sum));
            (system - baseline).abs()
        };
        let observed = difference([baseline.sum(), system.sum()]);
        let (mut samples, expected) = match self.test {
            PairedTest::Bootstrap => {
                let samples = self.bootstrap([baseline, system], difference);
                let expected = mean(&samples);
                (samples, expected)
            }
            PairedTest::Randomization => (self.exchanged(baseline, system, difference), 0.0),
        };
        samples.iter_mut().for_each(|sample| *sample -= expected);
        let larger = samples.iter().filter(|&&sample| sample > observed).count();
        // One more of each, so that the error rate of the test is at most its level.
        (larger + 1) as f64 / (samples.len() + 1) as f64
    }

    /// `score` of each bootstrap sample: the statistics of the systems, summed over the same random segments.
    fn bootstrap<const N: usize>(
        &self,
        systems: [&SegmentStatistics; N],
        mut score: impl FnMut([Vec<f64>; N]) -> f64,
    ) -> Vec<f64> {
        let count = systems[0].count();
        let mut generator = Generator::new(self.seed);
        let mut drawn = vec![0; count];
        let samples = 0..self.samples;
        samples
            .map(|_| {
                drawn.fill_with(|| generator.below(count as u32) as usize);
                score(systems.map(|system| system.sum_of(drawn.iter().copied())))
            })
            .collect()
    }

    /// `score` of each trial: the statistics of two systems that exchange random segments.
    fn exchanged(
        &self,
        baseline: &SegmentStatistics,
        system: &SegmentStatistics,
        mut score: impl FnMut([Vec<f64>; 2]) -> f64,
    ) -> Vec<f64> {
        let (mut generator, mut bits) = (Generator::new(self.seed), Bits::default());
        let mut of_baseline = vec![false; baseline.count()];
        let width = baseline.of(0).len();
        let trials = 0..self.samples;
        trials
            .map(|_| {
                generator.fill_booleans(&mut of_baseline, &mut bits);
                let mut sums = [vec![0.0; width], vec![0.0; width]];
                let [one, other] = &mut sums;
                for (segment, &of_baseline) in of_baseline.iter().enumerate() {
                    let pair = [baseline.of(segment), system.of(segment)];
                    let [first, second] = if of_baseline { pair } else { [pair[1], pair[0]] };
                    one.iter_mut().zip(first).for_each(|(sum, value)| *sum += value);
                    other.iter_mut().zip(second).for_each(|(sum, value)| *sum += value);
                }
                score(sums)
            })
            .collect()
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

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
