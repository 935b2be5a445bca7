//! Presets.

use burn::tensor::Device;
use crosshead_models::presets::{PRESETS, find};
use crosshead_models::summary::Summary;
use serde_json::Value;

/// The parameter counts of transformers (`tests/fixtures/export_parameter_counts.py`).
const COUNTS: &str = include_str!("../../../../tests/fixtures/parameter-counts.json");

#[test]
fn presets_have_as_many_parameters_as_the_published_models() {
    let counts: Value = serde_json::from_str(COUNTS).unwrap();
    for (name, count) in counts.as_object().unwrap() {
        let summary = Summary::of(&find(name).unwrap().config(), &Device::flex());
        assert_eq!(summary.n_parameters as u64, count.as_u64().unwrap(), "{name}");
    }
}

#[test]
fn the_parts_of_a_summary_add_up_to_the_total() {
    for preset in PRESETS {
        let (name, summary) = (preset.name, Summary::of(&preset.config(), &Device::flex()));
        let sum: usize = summary.parts.iter().map(|part| part.n_parameters).sum();
        assert_eq!(sum, summary.n_parameters, "{name}");
    }
    assert!(find("no-such-model").is_none());
}
