//! What one optimizer does to one parameter.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

/// How an optimizer treats a parameter: the optimizers that treat all parameters alike ignore it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// A weight inside the network. [`MuonConfig`](super::MuonConfig) orthogonalizes the updates of matrices with this role.
    #[default]
    Hidden,
    /// A token embedding, another lookup table, or the output layer.
    Edge,
}

/// A parameter without its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter<'a> {
    pub(super) shape: &'a [usize],
    pub(super) role: Role,
}

impl Parameter<'_> {
    /// The number of elements.
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The numbers of rows and columns of a matrix.
    pub(super) fn matrix(&self) -> Option<[usize; 2]> {
        self.shape.try_into().ok()
    }
}

/// The hyperparameters of one step for one parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub(super) parameter: Parameter<'a>,
    /// The number of the step, from 1.
    pub(super) number: u64,
    pub(super) learning_rate: f64,
    pub(super) weight_decay: f64,
    /// The factor applied to every gradient: less than 1 when the global norm is clipped.
    pub(super) gradient_scale: f64,
}

/// A tensor that an optimizer keeps for a parameter. It starts at zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Its name in checkpoints, before the parameter's path.
    pub(super) name: &'static str,
    pub(super) len: usize,
}

/// A parameter that is about to be updated. Tensors are flattened, and autodiff does not track them.
#[derive(Debug)]
pub(super) struct Pending<'a> {
    pub(super) gradient: Tensor<1>,
    /// The tensors of the slots.
    pub(super) state: Vec<Tensor<1>>,
    pub(super) step: Step<'a>,
}

/// One optimizer, applied to one parameter at a time.
pub(super) trait Rule {
    /// The weight decay of a parameter whose adjustment sets none.
    fn weight_decay(&self) -> f64;

    /// What the optimizer keeps for a parameter.
    fn slots(&self, parameter: &Parameter<'_>) -> Vec<Slot>;

    /// What needs no values and can be done for all parameters together. By default nothing.
    fn prepare(&self, _all: &mut BTreeMap<String, Pending<'_>>) {}

    /// The value and the state after a step.
    fn update(&self, value: Tensor<1>, pending: Pending<'_>) -> (Tensor<1>, Vec<Tensor<1>>);
}

/// The state of a parameter with a fixed number of slots.
pub(super) fn exactly<const N: usize>(state: Vec<Tensor<1>>) -> [Tensor<1>; N] {
    state.try_into().unwrap_or_else(|state: Vec<_>| {
        unreachable!("{} slots where the optimizer has {N}", state.len())
    })
}
