//! The hyperparameters of one step of Adam.

/// The hyperparameters of one step of Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate α of this step.
    pub learning_rate: f64,
    /// Decay rate of the first moment estimate.
    pub beta1: f64,
    /// Decay rate of the second moment estimate.
    pub beta2: f64,
    /// ε, added to the square root of the second moment estimate.
    pub epsilon: f64,
    /// Decoupled weight decay λ; 0 is plain Adam.
    pub weight_decay: f64,
    /// The step number, starting at 1.
    pub step: u64,
    /// The factor applied to every gradient: less than 1 when the global norm is clipped.
    pub gradient_scale: f64,
}

impl AdamStep {
    /// 1 − β^step for both moment estimates.
    pub(crate) fn bias_corrections(&self) -> (f64, f64) {
        let power = |beta: f64| 1.0 - beta.powf(self.step as f64);
        (power(self.beta1), power(self.beta2))
    }
}
