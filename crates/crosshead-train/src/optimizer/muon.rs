//! Muon.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use crosshead_kernels::{orthogonalize, scaled_sum};
use serde::{Deserialize, Serialize};

use super::AdamConfig;
use super::rule::{Parameter, Pending, Role, Rule, Slot, exactly};

/// The learning rate of a matrix relative to that of the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MuonScale {
    /// 0.2 · √max(rows, columns): updates are as large as Adam's, so that one learning rate serves both (Liu et al. 2025).
    #[default]
    MatchAdam,
    /// √max(1, rows / columns), as in the original: the rest of the parameters needs a much lower rate.
    Original,
}

impl MuonScale {
    fn factor(self, [rows, cols]: [usize; 2]) -> f64 {
        let (rows, cols) = (rows as f64, cols as f64);
        match self {
            Self::MatchAdam => 0.2 * rows.max(cols).sqrt(),
            Self::Original => (rows / cols.max(1.0)).max(1.0).sqrt(),
        }
    }
}

/// Configuration of Muon (Jordan et al. 2024), with the formulas of PyTorch's `Muon`: the momentum of each matrix is replaced by a
/// nearly orthogonal one. It trains the matrices with [`Role::Hidden`]; AdamW trains the other parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MuonConfig {
    momentum: f64,
    nesterov: bool,
    scale: MuonScale,
    weight_decay: f64,
    rest: AdamConfig,
}

impl Default for MuonConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl MuonConfig {
    /// Nesterov momentum 0.95, without weight decay; AdamW with β₁ = 0.9, β₂ = 0.95, ε = 1e-8 for the rest.
    pub fn new() -> Self {
        let rest = AdamConfig::new().with_beta2(0.95).with_epsilon(1e-8);
        Self {
            momentum: 0.95,
            nesterov: true,
            scale: MuonScale::MatchAdam,
            weight_decay: 0.0,
            rest,
        }
    }

    /// Sets the momentum. Default: 0.95.
    pub fn with_momentum(self, momentum: f64) -> Self {
        Self { momentum, ..self }
    }

    /// Whether the momentum is Nesterov's. Default: true.
    pub fn with_nesterov(self, nesterov: bool) -> Self {
        Self { nesterov, ..self }
    }

    /// Sets the learning rate of a matrix. Default: [`MuonScale::MatchAdam`].
    pub fn with_scale(self, scale: MuonScale) -> Self {
        Self { scale, ..self }
    }

    /// Sets the decoupled weight decay of all parameters. Default: 0.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// Sets the constants of AdamW for the other parameters; its weight decay is not used.
    pub fn with_rest(self, rest: AdamConfig) -> Self {
        Self { rest, ..self }
    }

    /// The momentum.
    pub fn momentum(&self) -> f64 {
        self.momentum
    }

    /// Whether the momentum is Nesterov's.
    pub fn nesterov(&self) -> bool {
        self.nesterov
    }

    /// The learning rate of a matrix relative to that of the schedule.
    pub fn scale(&self) -> MuonScale {
        self.scale
    }

    /// Decoupled weight decay.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    /// The constants of AdamW for the other parameters.
    pub fn rest(&self) -> AdamConfig {
        self.rest
    }
}

/// The size of a matrix that Muon trains.
fn hidden_matrix(parameter: &Parameter<'_>) -> Option<[usize; 2]> {
    match parameter.role {
        Role::Hidden => parameter.matrix(),
        Role::Edge => None,
    }
}

impl Rule for MuonConfig {
    fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    fn slots(&self, parameter: &Parameter<'_>) -> Vec<Slot> {
        match hidden_matrix(parameter) {
            Some(_) => vec![Slot { name: "momentum", len: parameter.len() }],
            None => self.rest.slots(parameter),
        }
    }

    /// Replaces the gradient of each hidden matrix by its orthogonalized momentum.
    fn prepare(&self, all: &mut BTreeMap<String, Pending<'_>>) {
        let hidden = |pending: &Pending<'_>| hidden_matrix(&pending.step.parameter);
        let mut matrices = Vec::new();
        for pending in all.values_mut() {
            let Some(shape) = hidden(pending) else { continue };
            let [momentum] = exactly(std::mem::take(&mut pending.state));
            let new = (1.0 - self.momentum) * pending.step.gradient_scale;
            let gradient = pending.gradient.clone();
            let momentum = scaled_sum(momentum, self.momentum, gradient.clone(), new);
            let direction = match self.nesterov {
                true => scaled_sum(gradient, new, momentum.clone(), self.momentum),
                false => momentum.clone(),
            };
            pending.state = vec![momentum];
            matrices.push(direction.reshape(shape));
        }
        let pending = all.values_mut().filter(|pending| hidden(pending).is_some());
        for (pending, matrix) in pending.zip(orthogonalize(matrices)) {
            pending.gradient = matrix.reshape([pending.step.parameter.len()]);
        }
    }

    fn update(&self, value: Tensor<1>, pending: Pending<'_>) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Some(shape) = hidden_matrix(&pending.step.parameter) else {
            return self.rest.update(value, pending);
        };
        let Pending { gradient, state, step } = pending;
        let decay = 1.0 - step.learning_rate * step.weight_decay;
        let rate = step.learning_rate * self.scale.factor(shape);
        (scaled_sum(value, decay, gradient, -rate), state)
    }
}
