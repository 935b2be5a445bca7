//! A row of logits with the normalizer of its softmax.

use crate::exp::exp_nonpositive;

/// Logits per block: a block and its exponentials fit in the L1 cache.
const BLOCK: usize = 512;

/// Independent accumulators, so that reductions vectorize.
const LANES: usize = 16;

/// One row of next-token logits with their normalizer.
///
/// Reading a row also records the maximum of each block of [`BLOCK`] logits, which allows top-k selection to skip most
/// of the row.
pub(crate) struct LogitRow<'a> {
    logits: &'a mut [f32],
    /// Upper bound on the logits of each block.
    block_max: Vec<f32>,
    normalizers: Normalizers,
}

/// The log-softmax normalizer of a row: log-probability = logit − `max` − `log_sum`.
///
/// The two are subtracted one after the other, as in PyTorch: subtracting their sum would lose precision for probabilities
/// near 1.
#[derive(Clone, Copy)]
struct Normalizers {
    /// The maximum logit.
    max: f32,
    /// `ln Σ exp(x - max)`.
    log_sum: f32,
}

impl Normalizers {
    fn log_prob(self, logit: f32) -> f32 {
        logit - self.max - self.log_sum
    }

    fn logit(self, log_prob: f32) -> f32 {
        log_prob + self.log_sum + self.max
    }
}

impl<'a> LogitRow<'a> {
    /// Reads a row; `None` if its softmax is undefined: it contains NaN or +∞, or only −∞.
    pub(crate) fn new(logits: &'a mut [f32]) -> Option<Self> {
        let (block_max, normalizers) = normalizers(logits)?;
        Some(Self { logits, block_max, normalizers })
    }

    /// Log-probability of a token.
    pub(crate) fn log_prob(&self, token: u32) -> f32 {
        self.normalizers.log_prob(self.logits[token as usize])
    }

    /// Logit of a token.
    pub(crate) fn logit(&self, token: u32) -> f32 {
        self.logits[token as usize]
    }

    /// Converts the logits to log-probabilities, so that replacing one is exact.
    pub(crate) fn normalize(&mut self) {
        let normalizers = self.normalizers;
        for value in self.logits.iter_mut().chain(&mut self.block_max) {
            *value = normalizers.log_prob(*value);
        }
        self.normalizers = Normalizers { max: 0.0, log_sum: 0.0 };
    }

    /// Replaces the log-probability of a token; others are unchanged.
    pub(crate) fn set_log_prob(&mut self, token: u32, log_prob: f32) {
        let token = token as usize;
        let logit = self.normalizers.logit(log_prob);
        self.logits[token] = logit;
        let block_max = &mut self.block_max[token / BLOCK];
        *block_max = block_max.max(logit);
    }

    /// Forbids a token; other probabilities are unchanged.
    pub(crate) fn ban(&mut self, token: u32) {
        self.logits[token as usize] = f32::NEG_INFINITY;
    }

    /// Renormalizes the probabilities of the tokens that are still allowed; no effect if there are none.
    pub(crate) fn renormalize(&mut self) {
        if let Some((block_max, normalizers)) = normalizers(self.logits) {
            (self.block_max, self.normalizers) = (block_max, normalizers);
        }
    }

    /// Gives each of these tokens the log-probability 0 and forbids all others.
    pub(crate) fn force(&mut self, tokens: &[u32]) {
        self.logits.fill(f32::NEG_INFINITY);
        self.block_max.fill(f32::NEG_INFINITY);
        self.normalizers = Normalizers { max: 0.0, log_sum: 0.0 };
        tokens.iter().for_each(|&token| self.set_log_prob(token, 0.0));
    }

    /// Applies a function to the logits without renormalizing; returns `false` if one became NaN or +∞.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut [f32])) -> bool {
        change(self.logits);
        for (block, max) in self.logits.chunks(BLOCK).zip(&mut self.block_max) {
            *max = block_maximum(block);
        }
        self.logits.iter().all(|&logit| logit < f32::INFINITY)
    }

    /// The row in blocks, ordered by token: an upper bound on the block's log-probabilities, and its tokens with their
    /// log-probabilities.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (f32, impl Iterator<Item = (u32, f32)>)> {
        let blocks = self.logits.chunks(BLOCK).zip(&self.block_max).enumerate();
        blocks.map(|(block, (logits, max))| {
            let tokens = (block * BLOCK) as u32..;
            let log_probs = logits.iter().map(|&logit| self.normalizers.log_prob(logit));
            (self.normalizers.log_prob(*max), tokens.zip(log_probs))
        })
    }
}

/// The maximum of each block and the normalizer of the row; `None` if it is not finite.
fn normalizers(logits: &[f32]) -> Option<(Vec<f32>, Normalizers)> {
    let mut block_max = Vec::with_capacity(logits.len().div_ceil(BLOCK));
    let mut max = f32::NEG_INFINITY;
    let mut sum = 0.0;
    for block in logits.chunks(BLOCK) {
        let largest = block_maximum(block);
        block_max.push(largest);
        if largest > max {
            sum *= exp_nonpositive(max - largest);
            max = largest;
        }
        // Avoids −∞ − −∞ for a block that contains only −∞, and does not skip a block with NaN.
        sum += sum_exp(block, if max == f32::NEG_INFINITY { 0.0 } else { max });
    }
    let normalizers = Normalizers { max, log_sum: sum.ln() };
    (max + normalizers.log_sum).is_finite().then_some((block_max, normalizers))
}

/// The maximum, ignoring NaN.
fn block_maximum(block: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (chunks, rest) = block.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, value);
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, larger)
}

/// `Σ exp(x - max)`; NaN if any value is NaN or +∞.
fn sum_exp(block: &[f32], max: f32) -> f32 {
    let (chunks, rest) = block.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += exp_nonpositive(value - max);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|value| exp_nonpositive(value - max)).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact_log_softmax(logits: &[f32]) -> Vec<f64> {
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|&x| f64::from(x - max).exp()).sum();
        logits.iter().map(|&x| f64::from(x) - f64::from(max) - sum.ln()).collect()
    }

    proptest! {
        #[test]
        fn log_probabilities_equal_the_log_softmax(
            logits in prop::collection::vec(prop_oneof![9 => -60f32..60.0, 1 => Just(f32::NEG_INFINITY)], 1..1500),
        ) {
            prop_assume!(logits.iter().any(|x| x.is_finite()));
            let exact = exact_log_softmax(&logits);
            let mut values = logits.clone();
            let row = LogitRow::new(&mut values).unwrap();
            for (token, expected) in exact.into_iter().enumerate() {
                let log_prob = f64::from(row.log_prob(token as u32));
                prop_assert!(log_prob == expected || (log_prob - expected).abs() < 2e-5, "{log_prob} {expected}");
            }
        }
    }

    #[test]
    fn probabilities_near_1_are_precise() {
        let logits = vec![50.0, 40.0, 37.5];
        let exact = exact_log_softmax(&logits);
        let log_prob = LogitRow::new(&mut logits.clone()).unwrap().log_prob(0);
        assert!((f64::from(log_prob) - exact[0]).abs() < 1e-7, "{log_prob}, not {}", exact[0]);
    }

    #[test]
    fn rows_without_a_softmax_are_rejected_wherever_the_bad_value_is() {
        for bad in [f32::NAN, f32::INFINITY] {
            for at in [0, 15, 511, 512, 1099] {
                for fill in [0.0, f32::NEG_INFINITY] {
                    let mut logits = vec![fill; 1100];
                    logits[at] = bad;
                    assert!(LogitRow::new(&mut logits).is_none(), "{bad} at {at} among {fill}");
                }
            }
        }
        assert!(LogitRow::new(&mut [f32::NEG_INFINITY; 700]).is_none());
        assert!(LogitRow::new(&mut []).is_none());
    }

    #[test]
    fn a_raised_token_raises_the_bound_of_its_block() {
        let mut logits = vec![0.0; 1100];
        let mut row = LogitRow::new(&mut logits).unwrap();
        row.set_log_prob(700, -0.5);
        let bounds: Vec<_> = row.blocks().map(|(bound, _)| bound).collect();
        assert!(bounds[0] < -1.0 && bounds[1] >= -0.5 && bounds[2] < -1.0, "{bounds:?}");
    }
}
