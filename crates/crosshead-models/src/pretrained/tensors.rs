//! The tensors of a checkpoint under the family's names, without the prefixes and wrappers that training tools add.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::TensorData;

use super::names::Names;
use crate::ModelError;
use crosshead_weights::{Int8Matrix, TensorSource};

/// Name segments of PyTorch wrappers: `torch.compile`, FSDP, activation checkpointing.
const WRAPPERS: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// The maximum number of segments of a common prefix, such as `module` of DataParallel or `model` of Lightning.
const MAX_PREFIX: usize = 3;

/// The tensors of a checkpoint under the family's names.
pub(super) struct Tensors<'a> {
    checkpoint: &'a TensorSource,
    /// The name in the file for each name of the family.
    in_file: BTreeMap<String, String>,
    /// The names in the file that the family does not recognize.
    unrecognized: Vec<String>,
}

impl<'a> Tensors<'a> {
    /// Removes wrappers from the names, and a common prefix if the family recognizes more names without it.
    pub(super) fn new(checkpoint: &'a TensorSource, names: &Names) -> Self {
        let unwrapped: Vec<(String, &str)> =
            checkpoint.names().map(|name| (without_wrappers(name), name)).collect();
        let prefix = prefix(&unwrapped, names);
        let mut in_file = BTreeMap::new();
        for (name, of_file) in &unwrapped {
            let name = name.strip_prefix(&prefix).unwrap_or(name);
            // Names must stay distinct.
            if !in_file.contains_key(name) {
                in_file.insert(name.to_owned(), (*of_file).to_owned());
            }
        }
        if in_file.len() != unwrapped.len() {
            in_file = checkpoint.names().map(|name| (name.to_owned(), name.to_owned())).collect();
        }
        let unrecognized = in_file.iter().filter(|(name, _)| !names.is_known(name));
        let unrecognized = unrecognized.map(|(_, of_file)| of_file.clone()).collect();
        Self { checkpoint, in_file, unrecognized }
    }

    /// The names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.in_file.keys().map(String::as_str)
    }

    /// The name of a tensor in the file.
    pub(super) fn in_file<'n>(&'n self, name: &'n str) -> &'n str {
        self.in_file.get(name).map_or(name, String::as_str)
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.checkpoint.shape(self.in_file.get(name)?)
    }

    /// The file that contains a tensor, or should contain it.
    pub(super) fn file(&self, name: &str) -> &Path {
        self.checkpoint.file(self.in_file(name))
    }

    /// Reads a tensor.
    pub(super) fn read(&self, name: &str) -> Result<TensorData, ModelError> {
        Ok(self.checkpoint.read(self.in_file(name))?)
    }

    /// Reads an int8 matrix; `None` if the tensor has a different type.
    pub(super) fn read_int8(&self, name: &str) -> Result<Option<Int8Matrix>, ModelError> {
        Ok(self.checkpoint.read_int8(self.in_file(name))?)
    }

    /// The first int8 tensor, under its name in the file.
    pub(super) fn first_int8(&self) -> Option<&str> {
        self.checkpoint.first_int8()
    }

    /// The error for an invalid tensor, with its name in the file.
    pub(super) fn wrong(&self, name: &str, reason: impl Into<String>) -> ModelError {
        ModelError::tensor(self.file(name), self.in_file(name), reason)
    }

    /// The error for a missing tensor, with similar names.
    pub(super) fn missing(&self, name: &str) -> ModelError {
        let unrecognized: Vec<&str> = self.unrecognized.iter().map(String::as_str).collect();
        ModelError::MissingTensor {
            path: self.checkpoint.file(name).to_owned(),
            tensor: name.to_owned(),
            there: self.checkpoint.describe_names(name, &unrecognized),
        }
    }
}

fn without_wrappers(name: &str) -> String {
    let kept = name.split('.').filter(|segment| !WRAPPERS.contains(segment));
    kept.collect::<Vec<_>>().join(".")
}

/// The common prefix, including its dot, whose removal makes the family recognize the most names; empty if there is
/// none.
fn prefix(unwrapped: &[(String, &str)], names: &Names) -> String {
    let known = |prefix: &str| {
        let rests = unwrapped.iter().filter_map(|(name, _)| name.strip_prefix(prefix));
        rests.filter(|rest| names.is_known(rest)).count()
    };
    let Some((unrecognized, _)) = unwrapped.iter().find(|(name, _)| !names.is_known(name)) else {
        return String::new();
    };
    let mut best = (String::new(), known(""));
    for (dot, _) in unrecognized.match_indices('.').take(MAX_PREFIX) {
        let prefix = &unrecognized[..=dot];
        let count = known(prefix);
        if count > best.1 {
            best = (prefix.to_owned(), count);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretrained::names::{Rule, rule};

    const RULES: &[Rule] =
        &[rule("embedding", "model.wte.weight"), rule("layers.*.norm.*", "model.h.*.ln.*")];

    fn found(names: &[&str]) -> (String, Vec<String>) {
        let family = Names {
            rules: vec![RULES],
            prefix: "model",
            aliases: vec![("model.wte.weight", "lm_head.weight")],
            ..Names::default()
        };
        let unwrapped: Vec<(String, &str)> =
            names.iter().map(|name| (without_wrappers(name), *name)).collect();
        let prefix = prefix(&unwrapped, &family);
        let rests = unwrapped.iter().map(|(name, _)| name.strip_prefix(&prefix).unwrap_or(name));
        (prefix.clone(), rests.map(str::to_owned).collect())
    }

    #[test]
    fn prefixes_of_training_tools_are_removed() {
        let usual = ["model.wte.weight", "model.h.0.ln.bias", "lm_head.weight"];
        for before in ["", "_orig_mod.", "module.", "module._orig_mod.", "model.", "net.student."] {
            let names: Vec<String> = usual.iter().map(|name| format!("{before}{name}")).collect();
            let (_, rests) = found(&names.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(rests, usual, "{before}");
        }
        let inside = ["model._orig_mod.wte.weight", "model.h.0._fsdp_wrapped_module.ln.bias"];
        assert_eq!(found(&inside).1, usual[..2]);
    }

    #[test]
    fn a_prefix_of_the_family_is_kept() {
        for names in [
            &["model.wte.weight", "model.h.0.ln.bias", "model.adapter.weight"][..],
            &["wte.weight", "h.0.ln.bias"],
            &["adapter.model.x", "model.wte.weight"],
        ] {
            assert_eq!(found(names).0, "", "{names:?}");
        }
    }
}
