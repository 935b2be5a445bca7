//! Confidence intervals and paired tests as in sacreBLEU, with the same samples for the same seed.

mod numpy;

use serde::Serialize;

use crate::{Metric, PairedTest, Sampling, SegmentStatistics};
use numpy::{Bits, Generator};

/// The mean score of bootstrap samples, and the 95 % confidence interval around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Confidence {
    /// The mean score of the samples.
    pub mean: f64,
    /// Half the width of the interval: the ± of `mean ± half_width`.
    pub half_width: f64,
}

impl Sampling {
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

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
