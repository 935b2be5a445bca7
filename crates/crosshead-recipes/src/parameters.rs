//! Freezing, groups and initialization of parameters.

use std::collections::BTreeMap;

use burn::module::Module;
use crosshead_models::paths;
use crosshead_train::{Adjustment, Role};
use crosshead_weights::{Initialization, initialize_where, parameters};

use crate::RunError;
use crate::host::{Event, Events};
use crate::layers::Layers;
use crate::recipe::TrainSection;

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
    for pattern in patterns {
        check_pattern("train.freeze", pattern, &shapes)?;
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

/// What differs between parameters in training: groups of the recipe, the rates of layers, and the role for the optimizer.
///
/// # Errors
/// If the pattern of a group matches no parameter.
pub(crate) fn adjustments<M: Module>(
    model: &M,
    train: &TrainSection,
) -> Result<BTreeMap<String, Adjustment>, RunError> {
    let shapes = parameters::shapes(model);
    for group in &train.groups {
        check_pattern("train.groups", &group.name, &shapes)?;
    }
    let layers = Layers::of(&shapes);
    let adjustment = |path: &str| {
        let group = train.groups.iter().find(|group| matches(&group.name, path));
        let factor = group.map_or(1.0, |group| group.learning_rate);
        let below = layers.below_head(path) as i32;
        Adjustment {
            learning_rate: factor * train.layer_decay.powi(below),
            weight_decay: group.and_then(|group| group.weight_decay),
            role: if paths::is_edge(path) { Role::Edge } else { Role::Hidden },
        }
    };
    Ok(shapes.into_iter().map(|(path, _)| (path.clone(), adjustment(&path))).collect())
}

/// Checks that a pattern matches a parameter.
fn check_pattern(
    key: &str,
    pattern: &str,
    shapes: &[(String, Vec<usize>)],
) -> Result<(), RunError> {
    if shapes.iter().any(|(path, _)| matches(pattern, path)) {
        return Ok(());
    }
    let examples: Vec<&str> = shapes.iter().take(3).map(|(path, _)| path.as_str()).collect();
    let reason =
        format!("`{pattern}` matches no parameter; names are such as {}", examples.join(", "));
    Err(RunError::Key { key: key.to_owned(), reason })
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
    use burn::tensor::Device;

    use super::*;
    use crate::recipe::{GroupSection, ModelSection, Preset};

    fn adjusted(train: &TrainSection) -> Result<BTreeMap<String, Adjustment>, RunError> {
        let section = ModelSection { preset: Some(Preset::Tiny), ..ModelSection::default() };
        adjustments(&section.encoder_decoder(60).init(1, &Device::flex()), train)
    }

    fn group(name: &str, learning_rate: f64, weight_decay: Option<f64>) -> GroupSection {
        GroupSection { name: name.to_owned(), learning_rate, weight_decay }
    }

    #[test]
    fn the_first_group_that_matches_counts() {
        let groups = vec![group("*.bias", 2.0, None), group("decoder.*", 0.5, Some(0.1))];
        let found = adjusted(&TrainSection { groups, ..TrainSection::default() }).unwrap();
        let of = |path: &str| (found[path].learning_rate, found[path].weight_decay);
        assert_eq!(of("encoder.layers.0.self_attn.q_proj.weight"), (1.0, None));
        assert_eq!(of("decoder.layers.0.self_attn.q_proj.weight"), (0.5, Some(0.1)));
        assert_eq!(of("decoder.layers.0.self_attn.q_proj.bias"), (2.0, None));
    }

    #[test]
    fn layers_below_the_head_learn_more_slowly() {
        let groups = vec![group("embedding", 3.0, None)];
        let train = TrainSection { groups, layer_decay: 0.5, ..TrainSection::default() };
        let found = adjusted(&train).unwrap();
        // Two layers in the encoder and two in the decoder.
        assert_eq!(found["embedding"].learning_rate, 3.0 * 0.5_f64.powi(5));
        assert_eq!(found["encoder.layers.0.feed_forward.up.weight"].learning_rate, 0.0625);
        assert_eq!(found["decoder.layers.1.feed_forward.up.weight"].learning_rate, 0.5);
        assert_eq!(found["decoder.final_norm.weight"].learning_rate, 1.0);
    }

    #[test]
    fn embeddings_are_edges_and_projections_are_hidden() {
        let found = adjusted(&TrainSection::default()).unwrap();
        let edges = found.iter().filter(|(_, adjustment)| adjustment.role == Role::Edge);
        let edges: Vec<&str> = edges.map(|(path, _)| path.as_str()).collect();
        assert_eq!(edges, ["embedding"]);
    }

    #[test]
    fn a_group_without_parameters_is_an_error() {
        let groups = vec![group("*", 1.0, None), group("head.*", 1.0, None)];
        let error = adjusted(&TrainSection { groups, ..TrainSection::default() }).unwrap_err();
        assert!(
            error.to_string().contains("train.groups: `head.*` matches no parameter"),
            "{error}"
        );
    }

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
