//! The saved state of an optimizer.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::rule::{Parameter, Rule, Slot};

/// A saved state that cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A parameter has only some of the tensors that the optimizer keeps for it.
    #[error("optimizer state `{name}`: the other moment estimate of this parameter is missing")]
    NoPartner {
        /// The tensor's name.
        name: String,
    },
    /// A tensor does not have the size that the optimizer keeps for its parameter.
    #[error("optimizer state `{name}` does not have the size of its parameter, {shape:?}")]
    OtherSize {
        /// The tensor's name.
        name: String,
        /// The parameter's shape.
        shape: Vec<usize>,
    },
    /// A tensor that this optimizer does not keep for any parameter.
    #[error("optimizer state `{name}` is not of this optimizer and this model")]
    Unknown {
        /// The tensor's name.
        name: String,
    },
}

/// What the optimizer keeps for one parameter.
#[derive(Debug)]
pub(super) struct Kept {
    /// The names of the slots.
    names: Vec<&'static str>,
    pub(super) tensors: Vec<Tensor<1>>,
}

impl Kept {
    pub(super) fn new(slots: &[Slot], tensors: Vec<Tensor<1>>) -> Self {
        Self { names: slots.iter().map(|slot| slot.name).collect(), tensors }
    }

    /// The tensors by their names in checkpoints.
    pub(super) fn named(&self, path: &str) -> impl Iterator<Item = (String, TensorData)> {
        let named = self.names.iter().zip(&self.tensors);
        named.map(move |(name, tensor)| (format!("{name}.{path}"), tensor.to_data()))
    }
}

/// What the optimizer keeps, by parameter path.
pub(super) type State = BTreeMap<String, Kept>;

/// The state of these parameters from tensors by name.
///
/// # Errors
/// If a parameter has only some of its tensors, one has another size, or a tensor belongs to no parameter.
pub(super) fn restore<'a>(
    rule: &dyn Rule,
    parameters: impl Iterator<Item = (&'a str, Parameter<'a>)>,
    mut saved: BTreeMap<String, TensorData>,
    device: &Device,
) -> Result<State, StateError> {
    let device = device.clone().inner();
    let mut state = State::new();
    for (path, parameter) in parameters {
        let slots = rule.slots(&parameter);
        let mut tensors = Vec::new();
        let mut present = None;
        for slot in &slots {
            let name = format!("{}.{path}", slot.name);
            let Some(data) = saved.remove(&name) else { continue };
            if data.num_elements() != slot.len {
                return Err(StateError::OtherSize { name, shape: parameter.shape.to_vec() });
            }
            tensors.push(Tensor::<1>::from_data(data, &device));
            present.get_or_insert(name);
        }
        match present {
            Some(name) if tensors.len() < slots.len() => {
                return Err(StateError::NoPartner { name });
            }
            Some(_) => drop(state.insert(path.to_owned(), Kept::new(&slots, tensors))),
            // A parameter that was never trained has no state.
            None => {}
        }
    }
    match saved.pop_first() {
        Some((name, _)) => Err(StateError::Unknown { name }),
        None => Ok(state),
    }
}
