//! Adding low-rank updates to a model: those of an adapter, or new ones.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::{Linears, Lora, LoraConfig, RandomKey};

use super::open::Adapter;
use super::targets::{LoraTargets, ends};
use super::{PREFIX, WEIGHT};
use crate::pretrained::names::{Form, Names};
use crate::pretrained::{Head, ModelDirectory};
use crate::{ModelError, paths};

/// Whether a parameter of a model with this head is trained in full beside an adapter: the head of a classifier, as in
/// PEFT.
pub fn trains_with_adapter(head: Head, parameter: &str) -> bool {
    match head {
        Head::SequenceClassifier | Head::TokenClassifier => paths::is_head(parameter),
        Head::Seq2SeqLm | Head::CausalLm | Head::MaskedLm | Head::Encoder => false,
    }
}

/// Adds new low-rank updates to the linear layers that `targets` names. A of a layer is a pure function of `key` and the
/// layer's path, B is zero. `directory` has the names of the modules.
///
/// # Errors
/// If a target names no linear layer that can be adapted.
pub fn adapt<M: Module + Linears>(
    mut model: M,
    directory: &ModelDirectory,
    config: LoraConfig,
    targets: &LoraTargets,
    key: RandomKey,
) -> Result<M, InvalidTarget> {
    let names = directory.names();
    let (mut modules, mut adapted, mut error) = (Vec::new(), 0, None);
    model.visit_linears("", &mut |path, linear| {
        let parameter = format!("{path}{WEIGHT}");
        if trains_with_adapter(directory.head, &parameter) {
            return;
        }
        let Some(module) = module(&names, &parameter) else { return };
        match targets.name(&module) {
            Ok(true) => {
                let ([d_out, d_in], device) =
                    (linear.weight.lazy_shape().dims(), linear.weight.lazy_device());
                linear.lora = Some(config.init(d_in, d_out, key.stream(path), &device));
                adapted += 1;
            }
            Ok(false) => {}
            Err(found) => error = Some(found),
        }
        modules.push(module);
    });
    if let Some(error) = error {
        return Err(InvalidTarget(error.to_string()));
    }
    let known = ends(&modules, &[]).join(", ");
    if let Some(name) = targets.unused(&modules) {
        let reason = format!(
            "`{name}` names no linear layer that can be adapted; their names end in {known}"
        );
        return Err(InvalidTarget(reason));
    }
    if adapted == 0 {
        let reason = format!("name no linear layer; their names end in {known}");
        return Err(InvalidTarget(reason));
    }
    Ok(model)
}

/// Targets that do not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidTarget(String);

/// The module with a weight.
pub(super) fn module(names: &Names, parameter: &str) -> Option<String> {
    let name = names.written(&names.locate(parameter)?.name);
    name.strip_suffix(WEIGHT).map(str::to_owned)
}

impl Adapter {
    /// Adds the updates of the adapter to the linear layers of a model and merges them, except those of int8 weights.
    pub(crate) fn attach<M: Module + Linears>(
        &self,
        mut model: M,
        names: &Names,
        head: Head,
    ) -> Result<M, ModelError> {
        let mut unused = self.modules()?;
        let found = unused.clone();
        let mut error = None;
        model.visit_linears("", &mut |path, linear| {
            let parameter = format!("{path}{WEIGHT}");
            let Some(location) = names.locate(&parameter) else { return };
            let candidates = names.candidates(&location.name).into_iter();
            let mut modules =
                candidates.filter_map(|name| Some(name.strip_suffix(WEIGHT)?.to_owned()));
            let shape = linear.weight.lazy_shape().dims();
            let device = linear.weight.lazy_device();
            let lora = match modules.find_map(|module| Some((found.get(&module)?, module))) {
                Some((pair, module)) => {
                    unused.remove(&module);
                    self.read(&module, pair, location.form, shape).map(Some)
                }
                None if trains_with_adapter(head, &parameter) => Ok(None),
                None => self.check_absent(names, &parameter).map(|()| None),
            };
            match lora {
                Ok(Some(lora)) => {
                    linear.lora = Some(lora.into_lora(&device));
                    linear.merge_lora();
                }
                Ok(None) => {}
                Err(found) => {
                    error.get_or_insert(found);
                }
            }
        });
        match (error, unused.into_values().next()) {
            (Some(error), _) => Err(error),
            (None, Some([a, _])) => Err(self.unexpected(&a)),
            (None, None) => Ok(model),
        }
    }

    /// Checks that `target_modules` does not name the module of a weight, which has no tensors.
    fn check_absent(&self, names: &Names, parameter: &str) -> Result<(), ModelError> {
        let Some(module) = module(names, parameter) else { return Ok(()) };
        let named = self.config.targets().map_or(Ok(false), |targets| targets.name(&module));
        match named {
            Ok(false) => Ok(()),
            Ok(true) => Err(ModelError::tensor(
                self.tensors.file(""),
                &format!("{PREFIX}{module}.lora_A.weight"),
                "is missing, but target_modules in adapter_config.json names the module",
            )),
            Err(error) => Err(self.config.wrong("target_modules", error.to_string())),
        }
    }

    /// Reads the update of a linear layer with a weight of this shape, which is stored in a module.
    pub(super) fn read(
        &self,
        module: &str,
        [a_name, b_name]: &[String; 2],
        form: Form,
        [d_out, d_in]: [usize; 2],
    ) -> Result<LoraTensors, ModelError> {
        let config = self.config.lora(module)?;
        let (part, of) = match form {
            Form::Columns { part, of } => (part, of),
            Form::Same | Form::Transposed | Form::Row => (0, 1),
        };
        let rank = config.rank();
        for (name, expected) in [(a_name, [rank, d_in]), (b_name, [of * d_out, rank])] {
            let found = self.tensors.shape(name).unwrap_or_default();
            if found != expected {
                let reason = format!(
                    "has shape {found:?}, but the model and adapter_config.json expect {expected:?}; the adapter may \
                     belong to another model (base_model_name_or_path)"
                );
                return Err(ModelError::tensor(self.tensors.file(name), name, reason));
            }
        }
        let (a, b) = (self.tensors.read(a_name)?, self.tensors.read(b_name)?);
        let values = b.as_slice::<f32>().expect("weights are read as f32");
        let rows = values[part * d_out * rank..(part + 1) * d_out * rank].to_vec();
        Ok(LoraTensors { config, a, b: TensorData::new(rows, [d_out, rank]) })
    }
}

/// The tensors of the update of a linear layer.
pub(super) struct LoraTensors {
    pub(super) config: LoraConfig,
    /// `[rank, d_in]`
    pub(super) a: TensorData,
    /// `[d_out, rank]`
    pub(super) b: TensorData,
}

impl LoraTensors {
    /// The update of the weight.
    pub(super) fn into_lora(self, device: &Device) -> Lora {
        let [a, b] = [self.a, self.b].map(|data| Tensor::from_data(data, device));
        self.config.with_weights(a, b)
    }
}
