//! Training an adapter instead of the model.

use std::path::Path;

use burn::module::Module;
use crosshead_kernels::RandomKey;
use crosshead_models::{Head, Linears, adapt, paths, trains_with_adapter};
use crosshead_tasks::model_files;
use crosshead_weights::parameters;

use crate::RunError;
use crate::host::{Event, Events};
use crate::recipe::{InvalidKey, LoraSection};

/// Whether a parameter of a model with this head is trained beside a frozen base model.
pub(crate) fn is_trained(head: Head, path: &str) -> bool {
    paths::is_lora(path) || trains_with_adapter(head, path)
}

/// Adds low-rank updates to the pretrained model of `init`, freezes everything else except the head of a classifier, and
/// reports how many parameters are trained.
///
/// # Errors
/// If a target does not name a linear layer, or `init` is an adapter itself.
pub(crate) fn add_updates<M: Module + Linears>(
    model: M,
    lora: &LoraSection,
    init: &str,
    head: Head,
    seed: u64,
    events: &mut dyn Events,
) -> Result<M, RunError> {
    let files = model_files(Path::new(init), None)?;
    if files.adapter().is_some() {
        let reason = format!(
            "{init} is an adapter; merge it with its base model (crosshead merge) and start from that"
        );
        return Err(InvalidKey::new("init", reason).into());
    }
    let directory = files.directory()?.with_head(head);
    let key = RandomKey::new(seed).stream("weights").stream("lora");
    let model = adapt(model, &directory, lora.config(), &lora.targets, key)
        .map_err(|error| InvalidKey::new("lora.targets", error.to_string()))?;
    let (mut trained, mut frozen) = (0, 0);
    for (path, shape) in parameters::shapes(&model) {
        let count: usize = shape.iter().product();
        *if is_trained(head, &path) { &mut trained } else { &mut frozen } += count;
    }
    events.on_event(Event::Message(format!(
        "adapter: {trained} trainable parameters, {frozen} frozen"
    )));
    Ok(parameters::freeze(model, |path| !is_trained(head, path)))
}
