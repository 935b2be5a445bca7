//! Freezing and initialization of parameters.

use burn::module::Module;
use crosshead_models::paths;
use crosshead_weights::{Initialization, initialize_where, parameters};

use crate::RunError;
use crate::host::{Event, Events};

/// Freezes the parameters whose names match a pattern, and reports how many are trained.
///
/// # Errors
/// If a pattern matches no parameter.
pub(crate) fn freeze<M: Module>(
    model: M,
    patterns: &[String],
    events: &mut dyn Events,
) -> Result<M, RunError> {
    let shapes = parameters::shapes(&model);
    if let Some(pattern) =
        patterns.iter().find(|pattern| shapes.iter().all(|(path, _)| !matches(pattern, path)))
    {
        let examples: Vec<&str> = shapes.iter().take(3).map(|(path, _)| path.as_str()).collect();
        return Err(RunError::Key {
            key: "train.freeze".to_owned(),
            reason: format!(
                "`{pattern}` matches no parameter; names are such as {}",
                examples.join(", ")
            ),
        });
    }
    let frozen = |path: &str| patterns.iter().any(|pattern| matches(pattern, path));
    let (mut trained, mut kept) = (0, 0);
    for (path, shape) in &shapes {
        let count: usize = shape.iter().product();
        match frozen(path) {
            true => kept += count,
            false if !paths::is_buffer(path) => trained += count,
            false => {}
        }
    }
    let kept = if kept > 0 { format!(", {kept} frozen") } else { String::new() };
    events.on_event(Event::Message(format!("model: {trained} trainable parameters{kept}")));
    Ok(parameters::freeze(model, frozen))
}

/// Initializes the weights that a pretrained model lacks, and reports their names.
pub(crate) fn initialize_new<M: Module>(
    model: M,
    seed: u64,
    is_new: impl Fn(&str) -> bool,
    events: &mut dyn Events,
) -> M {
    let new: Vec<String> = parameters::shapes(&model)
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| is_new(path))
        .collect();
    events.on_event(Event::Message(format!("new weights: {}", new.join(", "))));
    initialize_where(model, Initialization::Bert, seed, None, is_new)
}

/// Whether a name matches a pattern, in which each `*` matches any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut segments = pattern.split('*');
    let first = segments.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut segments: Vec<&str> = segments.collect();
    let Some(last) = segments.pop() else { return rest.is_empty() };
    for segment in segments {
        match rest.find(segment) {
            Some(at) => rest = &rest[at + segment.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_any_text() {
        let name = "encoder.layers.0.self_attn.q_proj.weight";
        for pattern in ["*", "encoder.*", "*weight", "encoder.*.self_attn.*.weight", name, "**"] {
            assert!(matches(pattern, name), "{pattern}");
        }
        for pattern in
            ["", "encoder", "decoder.*", "*bias", "encoder.*weight*weight", "*.0", &name[1..]]
        {
            assert!(!matches(pattern, name), "{pattern}");
        }
    }
}
