//! Bootstrap confidence intervals (Efron 1979; Koehn 2004, *Statistical Significance Tests for Machine Translation
//! Evaluation*).

use serde::Serialize;

/// Bootstrap resampling: draws the segments of a corpus with replacement many times and measures how the score varies.
///
/// The interval estimates how the score would vary over test sets of the same size and kind. It does not include the
/// variance between training seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    resamples: usize,
    level: f64,
    seed: u64,
}

/// A confidence interval of a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// The confidence level, such as 0.95.
    pub level: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 1000, level: 0.95, seed: 12345 }
    }
}

impl Bootstrap {
    /// A 95 % interval from 1,000 resamples.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of resamples (at least one).
    pub fn with_resamples(mut self, resamples: usize) -> Self {
        self.resamples = resamples.max(1);
        self
    }

    /// Sets the confidence level, from 0 to 1.
    ///
    /// # Panics
    /// If the level is not between 0 and 1.
    pub fn with_level(mut self, level: f64) -> Self {
        assert!((0.0..=1.0).contains(&level), "level ({level}) must be between 0 and 1");
        self.level = level;
        self
    }

    /// Sets the seed of the resampling. The same seed gives the same interval.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The interval of any score over a corpus of `segments` segments. `score` receives the indices of the drawn segments.
    ///
    /// The bounds are the quantiles (1 − level)/2 and (1 + level)/2, interpolated linearly.
    ///
    /// # Panics
    /// If `segments` is 0.
    pub fn interval(&self, segments: usize, mut score: impl FnMut(&[usize]) -> f64) -> Interval {
        assert!(segments > 0, "there are no segments to resample");
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut drawn = vec![0; segments];
        let mut scores: Vec<f64> = (0..self.resamples)
            .map(|_| {
                drawn.fill_with(|| random.usize(0..segments));
                score(&drawn)
            })
            .collect();
        scores.sort_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        Interval {
            low: quantile(&scores, tail),
            high: quantile(&scores, 1.0 - tail),
            level: self.level,
        }
    }

    /// The interval of a mean, such as accuracy (the mean of zeros and ones), ROUGE or a loss.
    ///
    /// # Panics
    /// If `values` is empty.
    pub fn mean(&self, values: &[f64]) -> Interval {
        self.interval(values.len(), |drawn| {
            drawn.iter().map(|&index| values[index]).sum::<f64>() / drawn.len() as f64
        })
    }
}

/// A quantile of sorted values, interpolated linearly between the two nearest.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
}
