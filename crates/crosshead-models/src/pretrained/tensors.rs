//! The tensors of a checkpoint under the names that a family gives them, whatever training tools put around those.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::TensorData;

use super::names::Names;
use crate::ModelError;
use crosshead_weights::TensorSource;

/// Segments that PyTorch puts into names for a module that it wraps: `torch.compile`, FSDP, activation checkpointing.
const WRAPPERS: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// The most segments that may come before every name, as in DataParallel's `module` and Lightning's `model`.
const MAX_PREFIX: usize = 3;

/// The tensors of a checkpoint by the family's names.
pub(super) struct Tensors<'a> {
    checkpoint: &'a TensorSource,
    /// Where the file has other names than the family: the family's, and the file's.
    in_file: BTreeMap<String, String>,
    /// The names in the file that are none of the family's.
    strangers: Vec<String>,
}

impl<'a> Tensors<'a> {
    /// The tensors without wrappers in their names, and without a prefix where more of them are names of the family so.
    pub(super) fn new(checkpoint: &'a TensorSource, names: &Names) -> Self {
        let unwrapped: Vec<(String, &str)> =
            checkpoint.names().map(|name| (without_wrappers(name), name)).collect();
        let prefix = prefix(&unwrapped, names);
        let mut in_file = BTreeMap::new();
        for (name, of_file) in &unwrapped {
            let name = name.strip_prefix(&prefix).unwrap_or(name);
            // Two tensors never become one.
            if !in_file.contains_key(name) {
                in_file.insert(name.to_owned(), (*of_file).to_owned());
            }
        }
        if in_file.len() != unwrapped.len() {
            in_file = checkpoint.names().map(|name| (name.to_owned(), name.to_owned())).collect();
        }
        let strangers = in_file.iter().filter(|(name, _)| !names.is_known(name));
        let strangers = strangers.map(|(_, of_file)| of_file.clone()).collect();
        Self { checkpoint, in_file, strangers }
    }

    /// The names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.in_file.keys().map(String::as_str)
    }

    /// The name that the file has for a tensor.
    pub(super) fn in_file<'n>(&'n self, name: &'n str) -> &'n str {
        self.in_file.get(name).map_or(name, String::as_str)
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.checkpoint.shape(self.in_file.get(name)?)
    }

    /// The file that has a tensor, or should have it.
    pub(super) fn file(&self, name: &str) -> &Path {
        self.checkpoint.file(self.in_file(name))
    }

    /// The values of a tensor.
    pub(super) fn read(&self, name: &str) -> Result<TensorData, ModelError> {
        Ok(self.checkpoint.read(self.in_file(name))?)
    }

    /// The error of a tensor, with the name that the file has for it.
    pub(super) fn wrong(&self, name: &str, reason: impl Into<String>) -> ModelError {
        ModelError::tensor(self.file(name), self.in_file(name), reason)
    }

    /// The error of a tensor that is not there, with names that are.
    pub(super) fn missing(&self, name: &str) -> ModelError {
        let strangers: Vec<&str> = self.strangers.iter().map(String::as_str).collect();
        ModelError::MissingTensor {
            path: self.checkpoint.file(name).to_owned(),
            tensor: name.to_owned(),
            there: self.checkpoint.names_like(name, &strangers),
        }
    }
}

fn without_wrappers(name: &str) -> String {
    let kept = name.split('.').filter(|segment| !WRAPPERS.contains(segment));
    kept.collect::<Vec<_>>().join(".")
}

/// What comes before the family's names, with its last dot, if more names are known without it than with it.
fn prefix(unwrapped: &[(String, &str)], names: &Names) -> String {
    let known = |prefix: &str| {
        let rests = unwrapped.iter().filter_map(|(name, _)| name.strip_prefix(prefix));
        rests.filter(|rest| names.is_known(rest)).count()
    };
    let Some((stranger, _)) = unwrapped.iter().find(|(name, _)| !names.is_known(name)) else {
        return String::new();
    };
    let mut best = (String::new(), known(""));
    for (dot, _) in stranger.match_indices('.').take(MAX_PREFIX) {
        let prefix = &stranger[..=dot];
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
    fn what_training_tools_put_before_a_name_is_left_out() {
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
    fn a_prefix_that_the_family_has_stays() {
        for names in [
            &["model.wte.weight", "model.h.0.ln.bias", "model.adapter.weight"][..],
            &["wte.weight", "h.0.ln.bias"],
            &["adapter.model.x", "model.wte.weight"],
        ] {
            assert_eq!(found(names).0, "", "{names:?}");
        }
    }
}
