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

/// What the cross-entropy is computed with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CrossEntropy {
    /// The label smoothing.
    pub smoothing: LabelSmoothing,
    /// The weight of the z-loss log²Z (Chowdhery et al. 2023, section 5), where Z is the sum of the exponentials of the logits:
    /// it keeps Z near 1. 0 for none.
    pub z_loss: f32,
}

impl From<LabelSmoothing> for CrossEntropy {
    fn from(smoothing: LabelSmoothing) -> Self {
        Self { smoothing, z_loss: 0.0 }
    }
}

/// [`linear_cross_entropy_with`] without z-loss.
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
    linear_cross_entropy_with(
        x,
        LinearWeights { weight, bias },
        targets,
        n_classes,
        smoothing.into(),
    )
}

/// The cross-entropy between softmax(x·Wᵀ + b) over the first `n_classes` classes and the smoothed label, summed over
/// rows.
///
/// With z the logits, the loss of a row is logsumexp(z) − (1 − ε)·z\[label\] − ε·mean(z), plus the z-loss. Rows whose target is
/// not in 0..`n_classes` are padding and do not contribute.
///
/// # Shapes
/// - `x`: `[rows, d_model]`, `weights`: `[vocab_size, d_model]` and `[vocab_size]`, `targets`: `[rows]`
/// - output: `[1]`, in nats
///
/// # Panics
/// If the shapes do not match or `n_classes` is greater than `vocab_size`.
pub fn linear_cross_entropy_with(
    x: Tensor<2>,
    weights: LinearWeights,
    targets: Tensor<1, Int>,
    n_classes: usize,
    options: CrossEntropy,
) -> Tensor<1> {
    let [vocab_size, _] = weights.weight.dims();
    let ([rows, _], [n_targets]) = (x.dims(), targets.dims());
    weights.check(&x);
    let LinearWeights { weight, bias } = weights;
    assert!(n_targets == rows, "targets [{n_targets}] do not match x {:?}: [rows]", x.dims());
    assert!(
        n_classes <= vocab_size,
        "n_classes ({n_classes}) must not exceed vocab_size ({vocab_size})"
    );
    if is_int8(&weight) {
        return by_rows(x, weight, bias, targets, n_classes, options);
    }
    #[cfg(feature = "flex")]
    if crate::flex::is_flex(&x) {
        let epsilon = options.smoothing.uniform_share(n_classes);
        let weights = LinearWeights { weight, bias };
        let z_loss = options.z_loss;
        return crate::flex::ops::loss::linear_cross_entropy(
            x, weights, targets, n_classes, epsilon, z_loss,
        );
    }
    plain(x, LinearWeights { weight, bias }, targets, n_classes, options)
}

/// The loss with an int8 weight, without gradients. The logits equal those of [`linear::linear`] and are computed in
/// chunks of rows.
fn by_rows(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    targets: Tensor<1, Int>,
    n_classes: usize,
    options: CrossEntropy,
) -> Tensor<1> {
    const ROWS: usize = 128;
    let ([rows, _], device) = (x.dims(), x.device());
    (0..rows).step_by(ROWS).fold(Tensor::zeros([1], &device), |sum, first| {
        let n = ROWS.min(rows - first);
        let x = x.clone().narrow(0, first, n);
        let logits = linear::linear(x, weight.clone(), bias.clone(), Activation::Identity);
        let targets = targets.clone().narrow(0, first, n);
        sum + cross_entropy(logits.narrow(1, 0, n_classes), targets, n_classes, options)
    })
}

pub(crate) fn plain(
    x: Tensor<2>,
    weights: LinearWeights,
    targets: Tensor<1, Int>,
    n_classes: usize,
    options: CrossEntropy,
) -> Tensor<1> {
    let LinearWeights { weight, bias } = weights;
    let weight = weight.narrow(0, 0, n_classes);
    let bias = bias.map(|bias| bias.narrow(0, 0, n_classes));
    let logits = linear::plain(x, weight, bias, Activation::Identity); // [rows, n_classes]
    cross_entropy(logits, targets, n_classes, options)
}

/// Labels within the classes, and 1 for every row that is not padding, both `[rows, 1]`.
pub(super) fn labels_and_real(
    targets: Tensor<1, Int>,
    n_classes: usize,
) -> (Tensor<2, Int>, Tensor<2>) {
    let labels = targets.clone().clamp(0, n_classes as i64 - 1); // [rows]
    let real = labels.clone().equal(targets).float().unsqueeze_dim(1); // [rows, 1]
    (labels.unsqueeze_dim(1), real)
}

/// The summed loss of logits, `[rows, n_classes]`.
pub(super) fn cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
    n_classes: usize,
    options: CrossEntropy,
) -> Tensor<1> {
    let (labels, real) = labels_and_real(targets, n_classes);
    let peak = logits.clone().detach().max_dim(1);
    let log_sum_exp = (logits.clone() - peak.clone()).exp().sum_dim(1).log() + peak;
    let epsilon = options.smoothing.uniform_share(n_classes);
    let label = logits.clone().gather(1, labels);
    let penalty = log_sum_exp.clone().square() * options.z_loss;
    let loss = log_sum_exp - label * (1.0 - epsilon) - logits.mean_dim(1) * epsilon;
    let loss = if options.z_loss == 0.0 { loss } else { loss + penalty };
    (loss * real).sum_dim(0).reshape([1])
}
