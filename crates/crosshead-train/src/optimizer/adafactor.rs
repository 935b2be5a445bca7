//! Adafactor.

use burn::tensor::Tensor;
use crosshead_kernels::{scaled_sum, sum_of_squares};
use serde::{Deserialize, Serialize};

use super::rule::{Parameter, Pending, Rule, Slot};

/// The size of an update relative to the learning rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateScale {
    /// The learning rate times the root mean square of the parameter, as in the paper.
    #[default]
    Parameter,
    /// The learning rate.
    Absolute,
}

/// Configuration of Adafactor (Shazeer & Stern 2018): the second moments of a matrix are kept as one number for each row and
/// column, so that the state is small. No first moments. The learning rate is the schedule's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdafactorConfig {
    decay_exponent: f64,
    epsilon: f64,
    min_scale: f64,
    clip: f64,
    scale: UpdateScale,
    weight_decay: f64,
}

impl Default for AdafactorConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl AdafactorConfig {
    /// The constants of the paper, without weight decay.
    pub fn new() -> Self {
        Self {
            decay_exponent: 0.8,
            epsilon: 1e-30,
            min_scale: 1e-3,
            clip: 1.0,
            scale: UpdateScale::Parameter,
            weight_decay: 0.0,
        }
    }

    /// Sets c in the decay rate 1 − t⁻ᶜ of the second moments at step t. Default: 0.8.
    pub fn with_decay_exponent(self, decay_exponent: f64) -> Self {
        Self { decay_exponent, ..self }
    }

    /// Sets the number added to squared gradients. Default: 1e-30.
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }

    /// Sets the smallest root mean square that [`UpdateScale::Parameter`] takes a parameter to have. Default: 1e-3.
    pub fn with_min_scale(self, min_scale: f64) -> Self {
        Self { min_scale, ..self }
    }

    /// Sets the largest root mean square of an update before it is scaled. Default: 1.
    pub fn with_clip(self, clip: f64) -> Self {
        Self { clip, ..self }
    }

    /// Sets the size of an update. Default: [`UpdateScale::Parameter`].
    pub fn with_scale(self, scale: UpdateScale) -> Self {
        Self { scale, ..self }
    }

    /// Sets the decoupled weight decay. Default: 0.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// c in the decay rate 1 − t⁻ᶜ of the second moments.
    pub fn decay_exponent(&self) -> f64 {
        self.decay_exponent
    }

    /// The number added to squared gradients.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// The smallest root mean square that a parameter is taken to have.
    pub fn min_scale(&self) -> f64 {
        self.min_scale
    }

    /// The largest root mean square of an update before it is scaled.
    pub fn clip(&self) -> f64 {
        self.clip
    }

    /// The size of an update.
    pub fn scale(&self) -> UpdateScale {
        self.scale
    }

    /// Decoupled weight decay.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay
    }
}

impl Rule for AdafactorConfig {
    fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    fn slots(&self, parameter: &Parameter<'_>) -> Vec<Slot> {
        match parameter.matrix() {
            Some([rows, cols]) => {
                vec![Slot { name: "rows", len: rows }, Slot { name: "columns", len: cols }]
            }
            None => vec![Slot { name: "second", len: parameter.len() }],
        }
    }

    fn update(&self, value: Tensor<1>, pending: Pending<'_>) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Pending { gradient, state, step } = pending;
        let gradient = gradient * step.gradient_scale;
        let square = gradient.clone().square() + self.epsilon;
        let new = (step.number as f64).powf(-self.decay_exponent);
        let mix = |old: Tensor<1>, mean: Tensor<1>| scaled_sum(old, 1.0 - new, mean, new);
        let (inverse_root, state): (Tensor<1>, Vec<Tensor<1>>) =
            match (step.parameter.matrix(), <[Tensor<1>; 2]>::try_from(state)) {
                (Some([n_rows, n_cols]), Ok([rows, cols])) => {
                    let square: Tensor<2> = square.reshape([n_rows, n_cols]);
                    let rows = mix(rows, square.clone().mean_dim(1).reshape([n_rows]));
                    let cols = mix(cols, square.mean_dim(0).reshape([n_cols]));
                    let row_factor = (rows.clone() / rows.clone().mean()).sqrt().recip();
                    let col_factor = cols.clone().sqrt().recip();
                    let product = row_factor.reshape([n_rows, 1]) * col_factor.reshape([1, n_cols]);
                    (product.reshape([n_rows * n_cols]), vec![rows, cols])
                }
                (_, Ok(_)) => unreachable!("only a matrix has two slots"),
                (_, Err(state)) => {
                    let second = state.into_iter().map(|old| mix(old, square.clone()));
                    let second: Vec<Tensor<1>> = second.collect();
                    (second[0].clone().sqrt().recip(), second)
                }
            };
        let update = gradient * inverse_root;
        let excess = (root_mean_square(&update) / self.clip).max(1.0);
        let size = match self.scale {
            UpdateScale::Parameter => root_mean_square(&value).max(self.min_scale),
            UpdateScale::Absolute => 1.0,
        };
        let decay = 1.0 - step.learning_rate * step.weight_decay;
        (scaled_sum(value, decay, update, -step.learning_rate * size / excess), state)
    }
}

fn root_mean_square(x: &Tensor<1>) -> f64 {
    (sum_of_squares(x) / x.dims()[0].max(1) as f64).sqrt()
}
