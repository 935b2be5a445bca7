//! Rank correlation.

use crate::EvaluateError;

/// Spearman's rank correlation, −1 to 1: Pearson's correlation of the ranks, where equal values have their mean rank. 0 if all
/// values of a list are equal.
///
/// # Errors
/// If there are no values, the numbers of values differ, or one is NaN.
pub fn spearman(truth: &[f64], predicted: &[f64]) -> Result<f64, EvaluateError> {
    let (examples, predictions) = (truth.len(), predicted.len());
    if examples != predictions {
        return Err(EvaluateError::PredictionCount { examples, predictions });
    }
    if truth.is_empty() {
        return Err(EvaluateError::EmptyCorpus);
    }
    if truth.iter().chain(predicted).any(|value| value.is_nan()) {
        return Err(EvaluateError::NotANumber);
    }
    let (a, b) = (centered_ranks(truth), centered_ranks(predicted));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norms = (dot(&a, &a) * dot(&b, &b)).sqrt();
    Ok(if norms == 0.0 { 0.0 } else { dot(&a, &b) / norms })
}

/// The rank of each value minus the mean rank.
fn centered_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mean = (values.len() as f64 - 1.0) / 2.0;
    let mut first = 0;
    // `total_cmp` distinguishes −0 and 0, which are equal here.
    for group in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = first as f64 + (group.len() as f64 - 1.0) / 2.0;
        group.iter().for_each(|&i| ranks[i] = rank - mean);
        first += group.len();
    }
    ranks
}
