//! Confidence intervals by resampling (Efron 1979; Koehn 2004, *Statistical Significance Tests for Machine Translation
//! Evaluation*).

use serde::Serialize;

/// Draws a corpus's segments with replacement again and again, and sees how much the score moves.
///
/// The interval says how far another test set of this size, of the same kind, might have moved the score; it knows nothing of
/// other seeds of training.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    resamples: usize,
    level: f64,
    seed: u64,
}

/// The middle share of a resampled score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The share of the resamples between them, 0.95 for instance.
    pub level: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 1000, level: 0.95, seed: 12345 }
    }
}

impl Bootstrap {
    /// 95 % of 1,000 resamples.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how often the segments are drawn anew (at least once).
    pub fn with_resamples(mut self, resamples: usize) -> Self {
        self.resamples = resamples.max(1);
        self
    }

    /// Sets the share of the resamples that lies in the interval, from 0 to 1.
    ///
    /// # Panics
    /// If it lies outside.
    pub fn with_level(mut self, level: f64) -> Self {
        assert!((0.0..=1.0).contains(&level), "level ({level}) must lie between 0 and 1");
        self.level = level;
        self
    }

    /// Sets which resamples are drawn: the same seed gives the same interval.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The interval of any score of a corpus of `segments` segments, given by the indices of those that were drawn.
    ///
    /// The ends are the quantiles (1 − level)/2 and (1 + level)/2, interpolated linearly.
    ///
    /// # Panics
    /// If there is no segment.
    pub fn interval(&self, segments: usize, mut score: impl FnMut(&[usize]) -> f64) -> Interval {
        assert!(segments > 0, "there is no segment to draw");
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

    /// The interval of a mean: accuracy from zeros and ones, ROUGE from its segments, loss from its sequences.
    ///
    /// # Panics
    /// If there is no value.
    pub fn mean(&self, values: &[f64]) -> Interval {
        self.interval(values.len(), |drawn| {
            drawn.iter().map(|&index| values[index]).sum::<f64>() / drawn.len() as f64
        })
    }
}

/// The quantile of sorted values, interpolated linearly between the two nearest.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}
