//! Saving and loading a module.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;

use crate::parameters::map_parameters;
use crate::{CheckError, Finding};

/// Checks that saving and loading a module preserves every parameter bitwise.
///
/// # Errors
/// If a parameter differs or is missing; the error names the first one.
pub fn saving_and_loading_changes_nothing<M: Module>(
    module: &M,
    save_and_load: impl FnOnce(&M) -> M,
) -> Result<(), CheckError> {
    let before = parameters(module);
    if before.is_empty() {
        return Err(CheckError::vacuous("the module has no parameters"));
    }
    let after = parameters(&save_and_load(module));
    for (path, expected) in &before {
        let Some(actual) = after.get(path) else {
            return Err(CheckError::new(path.clone(), Finding::Missing));
        };
        let [actual_shape, expected_shape] = [actual, expected].map(|data| data.shape().to_vec());
        if actual_shape != expected_shape {
            let finding = Finding::Shape { actual: actual_shape, expected: expected_shape };
            return Err(CheckError::new(path.clone(), finding));
        }
        let pairs = actual.iter::<f32>().zip(expected.iter::<f32>());
        let different: Vec<(usize, (f32, f32))> = pairs
            .enumerate()
            .filter(|(_, (actual, expected))| actual.to_bits() != expected.to_bits())
            .collect();
        if let Some(&(index, (actual, expected))) = different.first() {
            let compared = expected_shape.iter().product();
            let count = different.len();
            let index = vec![index];
            let finding = Finding::Value { index, actual, expected, count, compared };
            return Err(CheckError::new(path.clone(), finding));
        }
    }
    Ok(())
}

fn parameters<M: Module>(module: &M) -> BTreeMap<String, TensorData> {
    let mut found = BTreeMap::new();
    map_parameters(module.clone(), |path, data| {
        found.insert(path.to_owned(), data.clone());
        data
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jittered;
    use burn::module::Param;
    use burn::tensor::{Device, Tensor};

    #[derive(Module, Debug)]
    struct Scale {
        weight: Param<Tensor<1>>,
    }

    fn scale() -> Scale {
        Scale { weight: Param::from_tensor(Tensor::ones([3], &Device::flex())) }
    }

    #[test]
    fn an_unchanged_module_passes() {
        saving_and_loading_changes_nothing(&scale(), Scale::clone).unwrap();
    }

    #[test]
    fn a_changed_parameter_is_reported() {
        let error = saving_and_loading_changes_nothing(&scale(), |module| {
            jittered(module.clone(), 1e-6, 1)
        });
        assert!(error.unwrap_err().to_string().starts_with("weight: element [0] is "));
    }
}
