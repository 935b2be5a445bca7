//! Output projection and softmax cross-entropy in one operation.

use burn::tensor::{Int, Tensor};

use super::int8::is_int8;
use super::linear;
use crate::args::activation::Activation;
use crate::args::linear::LinearWeights;

/// Label smoothing (Szegedy et al. 2016; Vaswani et al. 2017, section 5.4): the probability mass ε, which is spread
/// evenly, and the classes over which it is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum LabelSmoothing {
    /// No smoothing: all mass on the label.
    #[default]
    None,
    /// ε is spread over all V classes, including the label (PyTorch, Hugging Face).
    AllClasses(f32),
    /// ε is spread over the V − 1 other classes (Tensor2Tensor).
    OtherClasses(f32),
}

impl LabelSmoothing {
    /// The equivalent ε for a target (1 − ε)·label + ε·uniform over all `n_classes` classes.
    pub fn uniform_share(self, n_classes: usize) -> f32 {
        match self {
            Self::None => 0.0,
            Self::AllClasses(epsilon) => epsilon,
            Self::OtherClasses(epsilon) => epsilon * n_classes as f32 / (n_classes as f32 - 1.0),
        }
    }
}

/// The cross-entropy between softmax(x·Wᵀ + b) over the first `n_classes` classes and the smoothed label, summed over
/// rows.
///
/// With z the logits, the loss of a row is logsumexp(z) − (1 − ε)·z\[label\] − ε·mean(z). Rows with a target outside
/// 0..`n_classes` are padding and do not contribute.
///
/// # Shapes
/// - `x`: `[rows, d_model]`, `weight`: `[vocab_size, d_model]`, `bias`: `[vocab_size]`, `targets`: `[rows]`
/// - output: `[1]`, in nats
///
/// # Panics
/// If the shapes do not match or `n_classes` is greater than `vocab_size`.
pub fn linear_cross_entropy(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    targets: Tensor<1, Int>,
    n_classes: usize,
    smoothing: LabelSmoothing,
) -> Tensor<1> {
    let [vocab_size, _] = weight.dims();
    let ([rows, _], [n_targets]) = (x.dims(), targets.dims());
    let weights = LinearWeights { weight, bias };
    weights.check(&x);
    let LinearWeights { weight, bias } = weights;
    assert!(n_targets == rows, "targets [{n_targets}] do not match x {:?}: [rows]", x.dims());
    assert!(
        n_classes <= vocab_size,
        "n_classes ({n_classes}) must not exceed vocab_size ({vocab_size})"
    );
    if is_int8(&weight) {
        return by_rows(x, weight, bias, targets, n_classes, smoothing);
    }
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        let epsilon = smoothing.uniform_share(n_classes);
        return crate::flex::ops::loss::linear_cross_entropy(
            x, weight, bias, targets, n_classes, epsilon,
        );
    }
    plain(x, weight, bias, targets, n_classes, smoothing)
}

/// The loss with an int8 weight, without gradients. The logits equal those of [`linear::linear`] and are computed in
/// chunks of rows.
fn by_rows(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    targets: Tensor<1, Int>,
    n_classes: usize,
    smoothing: LabelSmoothing,
) -> Tensor<1> {
    const ROWS: usize = 128;
    let ([rows, _], device) = (x.dims(), x.device());
    (0..rows).step_by(ROWS).fold(Tensor::zeros([1], &device), |sum, first| {
        let n = ROWS.min(rows - first);
        let x = x.clone().narrow(0, first, n);
        let logits = linear::linear(x, weight.clone(), bias.clone(), Activation::Identity);
        let targets = targets.clone().narrow(0, first, n);
        sum + cross_entropy(logits.narrow(1, 0, n_classes), targets, n_classes, smoothing)
    })
}

pub(crate) fn plain(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    targets: Tensor<1, Int>,
    n_classes: usize,
    smoothing: LabelSmoothing,
) -> Tensor<1> {
    let weight = weight.narrow(0, 0, n_classes);
    let bias = bias.map(|bias| bias.narrow(0, 0, n_classes));
    let logits = linear::plain(x, weight, bias, Activation::Identity); // [rows, n_classes]
    cross_entropy(logits, targets, n_classes, smoothing)
}

/// The summed loss of logits, `[rows, n_classes]`.
fn cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
    n_classes: usize,
    smoothing: LabelSmoothing,
) -> Tensor<1> {
    let labels = targets.clone().clamp(0, n_classes as i64 - 1); // [rows]
    let real = labels.clone().equal(targets).float().unsqueeze_dim(1); // [rows, 1]
    let labels = labels.unsqueeze_dim(1); // [rows, 1]
    let peak = logits.clone().detach().max_dim(1);
    let log_sum_exp = (logits.clone() - peak.clone()).exp().sum_dim(1).log() + peak;
    let epsilon = smoothing.uniform_share(n_classes);
    let label = logits.clone().gather(1, labels);
    let loss = log_sum_exp - label * (1.0 - epsilon) - logits.mean_dim(1) * epsilon;
    (loss * real).sum_dim(0).reshape([1])
}
