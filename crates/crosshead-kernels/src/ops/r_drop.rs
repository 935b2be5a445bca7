//! The loss of two forward passes with different dropout.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

use super::loss::{CrossEntropy, cross_entropy, labels_and_real};

/// R-Drop (Wu et al. 2021): the mean cross-entropy of two forward passes of the same rows with different dropout, plus
/// α/4·(KL(p‖q) + KL(q‖p)) of their distributions, summed over rows. This is half the loss of the paper, so that it is as large as
/// the cross-entropy. Rows whose target is not in 0..`n_classes` do not contribute.
///
/// # Shapes
/// - `logits`: twice `[rows, vocab_size]`, `targets`: `[rows]`
/// - output: `[1]`, in nats
///
/// # Panics
/// If the shapes do not match or `n_classes` is greater than `vocab_size`.
pub fn r_drop(
    logits: [Tensor<2>; 2],
    targets: Tensor<1, Int>,
    n_classes: usize,
    options: CrossEntropy,
    alpha: f64,
) -> Tensor<1> {
    let [first, second] = logits.map(|logits| logits.narrow(1, 0, n_classes));
    let (_, real) = labels_and_real(targets.clone(), n_classes);
    let [log_p, log_q] = [&first, &second].map(|logits| log_softmax(logits.clone(), 1));
    let difference = log_p.clone().exp() - log_q.clone().exp();
    let divergence = (difference * (log_p - log_q)).sum_dim(1) * real;
    let loss = cross_entropy(first, targets.clone(), n_classes, options)
        + cross_entropy(second, targets, n_classes, options);
    loss * 0.5 + divergence.sum_dim(0).reshape([1]) * (alpha / 4.0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// The definition, in f64.
    fn expected(logits: [&[[f64; 3]]; 2], targets: &[usize], alpha: f64) -> f64 {
        let distribution = |row: &[f64; 3]| {
            let total: f64 = row.iter().map(|logit| logit.exp()).sum();
            row.map(|logit| logit.exp() / total)
        };
        let mut sum = 0.0;
        for (row, &target) in targets.iter().enumerate() {
            let [p, q] = logits.map(|logits| distribution(&logits[row]));
            let kl = |p: [f64; 3], q: [f64; 3]| -> f64 {
                p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum()
            };
            sum -= (p[target].ln() + q[target].ln()) / 2.0;
            sum += alpha / 4.0 * (kl(p, q) + kl(q, p));
        }
        sum
    }

    #[test]
    fn the_loss_equals_its_definition_without_padding() {
        let device = Device::default();
        let first = [[1.0, 0.5, -2.0], [0.0, 3.0, 1.0], [9.0, 9.0, 9.0]];
        let second = [[0.5, 0.7, -1.0], [0.0, 2.0, 2.0], [1.0, 2.0, 3.0]];
        let logits = [first, second].map(|rows| {
            let rows = rows.map(|row| [row[0] as f32, row[1] as f32, row[2] as f32, 7.0]);
            Tensor::<2>::from_data(rows, &device)
        });
        let targets = Tensor::<1, Int>::from_data([1, 0, -100], &device);
        let found = r_drop(logits, targets, 3, CrossEntropy::default(), 5.0).into_scalar::<f32>();
        let expected = expected([&first[..2], &second[..2]], &[1, 0], 5.0);
        assert!((f64::from(found) - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}
