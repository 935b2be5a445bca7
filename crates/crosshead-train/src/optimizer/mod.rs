//! Optimizers: one configuration for each, and one type that applies it to a module.

mod adafactor;
mod adam;
mod lion;
mod muon;
mod rule;
mod sgd;
mod state;

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::sum_of_squares;
use crosshead_weights::parameters;
use serde::{Deserialize, Serialize};

pub use self::adafactor::{AdafactorConfig, UpdateScale};
pub use self::adam::AdamConfig;
pub use self::lion::LionConfig;
pub use self::muon::{MuonConfig, MuonScale};
pub use self::rule::Role;
use self::rule::{Parameter, Pending, Rule, Step};
pub use self::sgd::SgdConfig;
pub use self::state::StateError;
use self::state::{Kept, State};

/// The choice of optimizer, with its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerConfig {
    /// Adam, or AdamW with weight decay.
    Adam(AdamConfig),
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Lion.
    Lion(LionConfig),
    /// Adafactor.
    Adafactor(AdafactorConfig),
    /// Muon for hidden matrices, AdamW for the rest.
    Muon(MuonConfig),
}

impl Default for OptimizerConfig {
    /// Adam with the constants of Vaswani et al. 2017.
    fn default() -> Self {
        Self::Adam(AdamConfig::default())
    }
}

impl OptimizerConfig {
    /// An optimizer before its first step.
    pub fn init(self) -> Optimizer {
        Optimizer {
            config: self,
            max_norm: 1.0,
            decayed: Decayed::All,
            adjustments: BTreeMap::new(),
            step: 0,
            state: State::new(),
        }
    }

    fn rule(&self) -> &dyn Rule {
        match self {
            Self::Adam(config) => config,
            Self::Sgd(config) => config,
            Self::Lion(config) => config,
            Self::Adafactor(config) => config,
            Self::Muon(config) => config,
        }
    }
}

/// `From` and `init` for the configuration of each optimizer.
macro_rules! configurations {
    ($($Config:ident: $Variant:ident),+ $(,)?) => {$(
        impl From<$Config> for OptimizerConfig {
            fn from(config: $Config) -> Self {
                Self::$Variant(config)
            }
        }

        impl $Config {
            /// An optimizer before its first step.
            pub fn init(self) -> Optimizer {
                OptimizerConfig::from(self).init()
            }
        }
    )+};
}

configurations! {
    AdamConfig: Adam,
    SgdConfig: Sgd,
    LionConfig: Lion,
    AdafactorConfig: Adafactor,
    MuonConfig: Muon,
}

/// The parameters to which weight decay applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decayed {
    /// All parameters.
    #[default]
    All,
    /// Parameters with two or more dimensions: neither biases nor the scales of norms.
    Matrices,
}

/// How one parameter differs from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjustment {
    /// The factor of its learning rate.
    pub learning_rate: f64,
    /// Its weight decay; `None` for that of the optimizer.
    pub weight_decay: Option<f64>,
    /// Its role.
    pub role: Role,
}

impl Default for Adjustment {
    fn default() -> Self {
        Self { learning_rate: 1.0, weight_decay: None, role: Role::Hidden }
    }
}

/// An optimizer with its state, keyed by parameter path.
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    max_norm: f64,
    decayed: Decayed,
    adjustments: BTreeMap<String, Adjustment>,
    step: u64,
    state: State,
}

impl Optimizer {
    /// Clips gradients to this global norm (Pascanu et al. 2013); 0 disables it. Default: 1.
    pub fn with_max_norm(self, max_norm: f64) -> Self {
        Self { max_norm, ..self }
    }

    /// Sets the parameters to which weight decay applies. Default: all.
    pub fn with_decayed(self, decayed: Decayed) -> Self {
        Self { decayed, ..self }
    }

    /// Sets what differs for some parameters, by path. Default: nothing.
    pub fn with_adjustments(self, adjustments: BTreeMap<String, Adjustment>) -> Self {
        Self { adjustments, ..self }
    }

    /// Resumes after `step` steps from the state of [`Self::state`], for parameters with these `shapes` by path.
    ///
    /// # Errors
    /// If the state does not match the optimizer or the parameters.
    pub fn restore(
        self,
        step: u64,
        state: BTreeMap<String, TensorData>,
        shapes: &[(String, Vec<usize>)],
        device: &Device,
    ) -> Result<Self, StateError> {
        let all = shapes.iter().map(|(path, shape)| (path.as_str(), self.parameter(path, shape)));
        let state = state::restore(self.config.rule(), all, state, device)?;
        Ok(Self { step, state, ..self })
    }

    /// Updates the model with the gradients, keyed by parameter path; returns the model and the gradients' global norm before
    /// clipping.
    ///
    /// Parameters without a gradient are unchanged. If the norm is not finite, nothing changes.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: BTreeMap<String, Tensor<1>>,
        learning_rate: f64,
    ) -> (M, f64) {
        let norm = norm(&gradients);
        let model = match norm.is_finite() {
            true => self.step_with_norm(model, gradients, norm, learning_rate),
            false => model,
        };
        (model, norm)
    }

    /// [`step`](Self::step) with gradients whose finite global norm is known.
    pub(crate) fn step_with_norm<M: Module>(
        &mut self,
        model: M,
        gradients: BTreeMap<String, Tensor<1>>,
        norm: f64,
        learning_rate: f64,
    ) -> M {
        self.step += 1;
        let is_clipped = self.max_norm > 0.0 && norm > self.max_norm;
        let gradient_scale = if is_clipped { self.max_norm / norm } else { 1.0 };
        let shapes: BTreeMap<String, Vec<usize>> = parameters::shapes(&model).into_iter().collect();
        let mut kept = std::mem::take(&mut self.state);
        let mut pending = BTreeMap::new();
        for (path, gradient) in gradients {
            let Some(shape) = shapes.get(&path) else { continue };
            let parameter = self.parameter(&path, shape);
            let step = self.hyperparameters(&path, parameter, learning_rate, gradient_scale);
            let state = kept.remove(&path).map(|kept| kept.tensors).unwrap_or_else(|| {
                let slots = self.config.rule().slots(&parameter).into_iter();
                slots.map(|slot| Tensor::zeros([slot.len], &gradient.device())).collect()
            });
            pending.insert(path, Pending { gradient, state, step });
        }
        let rule = self.config.rule();
        rule.prepare(&mut pending);
        let model = parameters::update(model, |path, value| {
            let Some(pending) = pending.remove(path) else { return value };
            let slots = rule.slots(&pending.step.parameter);
            let (value, tensors) = rule.update(value, pending);
            kept.insert(path.to_owned(), Kept::new(&slots, tensors));
            value
        });
        self.state = kept;
        model
    }

    /// The state for a checkpoint: tensors named by their kind and parameter path, such as `first.encoder.…`.
    pub fn state(&self) -> BTreeMap<String, TensorData> {
        self.state.iter().flat_map(|(path, kept)| kept.named(path)).collect()
    }

    /// Number of steps taken.
    pub fn steps(&self) -> u64 {
        self.step
    }

    fn parameter<'a>(&self, path: &str, shape: &'a [usize]) -> Parameter<'a> {
        Parameter { shape, role: self.adjustment(path).role }
    }

    fn adjustment(&self, path: &str) -> Adjustment {
        self.adjustments.get(path).copied().unwrap_or_default()
    }

    /// The hyperparameters of the current step for one parameter.
    fn hyperparameters<'a>(
        &self,
        path: &str,
        parameter: Parameter<'a>,
        learning_rate: f64,
        gradient_scale: f64,
    ) -> Step<'a> {
        let adjustment = self.adjustment(path);
        let usual = match self.decayed {
            Decayed::Matrices if parameter.shape.len() < 2 => 0.0,
            Decayed::Matrices | Decayed::All => self.config.rule().weight_decay(),
        };
        Step {
            parameter,
            number: self.step,
            learning_rate: learning_rate * adjustment.learning_rate,
            weight_decay: adjustment.weight_decay.unwrap_or(usual),
            gradient_scale,
        }
    }
}

/// The global norm of gradients.
pub(crate) fn norm(gradients: &BTreeMap<String, Tensor<1>>) -> f64 {
    gradients.values().map(sum_of_squares).sum::<f64>().sqrt()
}
