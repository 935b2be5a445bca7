//! The optimizer of a recipe.

use crosshead_train::{
    AdafactorConfig, AdamConfig, Decayed, LionConfig, MuonConfig, MuonScale, OptimizerConfig,
    SgdConfig, UpdateScale,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainSection;

/// The optimizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam with the constants of Vaswani et al. 2017; `weight_decay` is decoupled and applies to all parameters.
    #[default]
    Adam,
    /// AdamW with PyTorch's constants (Loshchilov & Hutter 2019).
    Adamw,
    /// Stochastic gradient descent with momentum; `weight_decay` is an L2 penalty, as in PyTorch.
    Sgd,
    /// Lion (Chen et al. 2023): set `peak` 3 to 10 times lower than for Adam.
    Lion,
    /// Adafactor (Shazeer & Stern 2018), whose state is small; the learning rate is the schedule's.
    Adafactor,
    /// Muon for the matrices inside the network, AdamW for embeddings, norms, biases and the output (Jordan et al. 2024).
    Muon,
}

/// The parameters to which weight decay applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecayOn {
    /// All parameters.
    All,
    /// Neither biases nor the scales of norms.
    Matrices,
}

/// The learning rate of Muon's matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MuonRate {
    /// Times 0.2 · √max(rows, columns), so that one `peak` fits both Muon and AdamW (Liu et al. 2025).
    MatchAdam,
    /// Times √max(1, rows / columns), as in the original.
    Original,
}

/// The size of Adafactor's updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdafactorScale {
    /// Relative to the root mean square of the parameter, as in the paper.
    Parameter,
    /// Not scaled: the usual choice to fine-tune T5, with a `peak` of 1e-3.
    Absolute,
}

/// The keys of optimizers, and the optimizers that use them.
pub(super) const USERS: [(&str, &[OptimizerKind]); 9] = {
    use OptimizerKind::{Adafactor, Adam, Adamw, Lion, Muon, Sgd};
    [
        ("beta1", &[Adam, Adamw, Lion, Muon]),
        ("beta2", &[Adam, Adamw, Lion, Muon]),
        ("epsilon", &[Adam, Adamw, Adafactor, Muon]),
        ("momentum", &[Sgd, Muon]),
        ("nesterov", &[Sgd, Muon]),
        ("muon_rate", &[Muon]),
        ("adafactor_scale", &[Adafactor]),
        ("adafactor_decay", &[Adafactor]),
        ("adafactor_clip", &[Adafactor]),
    ]
};

impl OptimizerKind {
    /// Its name in recipes.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Adamw => "adamw",
            Self::Sgd => "sgd",
            Self::Lion => "lion",
            Self::Adafactor => "adafactor",
            Self::Muon => "muon",
        }
    }
}

impl TrainSection {
    /// Fills in absent keys with the constants of the optimizer.
    pub(super) fn fill_optimizer(&mut self) {
        let adam = |section: &mut Self, beta1: f64, beta2: f64, epsilon: f64| {
            section.beta1.get_or_insert(beta1);
            section.beta2.get_or_insert(beta2);
            section.epsilon.get_or_insert(epsilon);
        };
        let (weight_decay, decay_on) = match self.optimizer {
            OptimizerKind::Adam => {
                adam(self, 0.9, 0.98, 1e-9);
                (0.0, DecayOn::All)
            }
            OptimizerKind::Adamw => {
                adam(self, 0.9, 0.999, 1e-8);
                (0.01, DecayOn::Matrices)
            }
            OptimizerKind::Sgd => {
                self.momentum.get_or_insert(0.9);
                self.nesterov.get_or_insert(false);
                (0.0, DecayOn::Matrices)
            }
            OptimizerKind::Lion => {
                self.beta1.get_or_insert(0.9);
                self.beta2.get_or_insert(0.99);
                (0.0, DecayOn::Matrices)
            }
            OptimizerKind::Adafactor => {
                self.epsilon.get_or_insert(1e-30);
                self.adafactor_scale.get_or_insert(AdafactorScale::Parameter);
                self.adafactor_decay.get_or_insert(0.8);
                self.adafactor_clip.get_or_insert(1.0);
                (0.0, DecayOn::Matrices)
            }
            OptimizerKind::Muon => {
                adam(self, 0.9, 0.95, 1e-8);
                self.momentum.get_or_insert(0.95);
                self.nesterov.get_or_insert(true);
                self.muon_rate.get_or_insert(MuonRate::MatchAdam);
                (0.01, DecayOn::Matrices)
            }
        };
        self.weight_decay.get_or_insert(weight_decay);
        self.decay_on.get_or_insert(decay_on);
    }

    /// The configuration of the optimizer.
    pub(super) fn optimizer(&self) -> OptimizerConfig {
        let mut filled = self.clone();
        filled.fill_optimizer();
        let number = |value: Option<f64>| value.unwrap_or_default();
        let weight_decay = number(filled.weight_decay);
        let adam = || {
            AdamConfig::new()
                .with_beta1(number(filled.beta1))
                .with_beta2(number(filled.beta2))
                .with_epsilon(number(filled.epsilon))
                .with_weight_decay(weight_decay)
        };
        match filled.optimizer {
            OptimizerKind::Adam | OptimizerKind::Adamw => adam().into(),
            OptimizerKind::Sgd => SgdConfig::new()
                .with_momentum(number(filled.momentum))
                .with_nesterov(filled.nesterov.unwrap_or_default())
                .with_weight_decay(weight_decay)
                .into(),
            OptimizerKind::Lion => LionConfig::new()
                .with_beta1(number(filled.beta1))
                .with_beta2(number(filled.beta2))
                .with_weight_decay(weight_decay)
                .into(),
            OptimizerKind::Adafactor => {
                let scale = match filled.adafactor_scale {
                    Some(AdafactorScale::Absolute) => UpdateScale::Absolute,
                    Some(AdafactorScale::Parameter) | None => UpdateScale::Parameter,
                };
                AdafactorConfig::new()
                    .with_decay_exponent(number(filled.adafactor_decay))
                    .with_epsilon(number(filled.epsilon))
                    .with_clip(number(filled.adafactor_clip))
                    .with_scale(scale)
                    .with_weight_decay(weight_decay)
                    .into()
            }
            OptimizerKind::Muon => {
                let scale = match filled.muon_rate {
                    Some(MuonRate::Original) => MuonScale::Original,
                    Some(MuonRate::MatchAdam) | None => MuonScale::MatchAdam,
                };
                MuonConfig::new()
                    .with_momentum(number(filled.momentum))
                    .with_nesterov(filled.nesterov.unwrap_or_default())
                    .with_scale(scale)
                    .with_weight_decay(weight_decay)
                    .with_rest(adam())
                    .into()
            }
        }
    }

    /// The parameters to which weight decay applies.
    pub(super) fn decayed(&self) -> Decayed {
        match self.decay_on {
            Some(DecayOn::Matrices) => Decayed::Matrices,
            Some(DecayOn::All) | None => Decayed::All,
        }
    }
}
