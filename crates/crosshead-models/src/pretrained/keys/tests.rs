//! Keys that `transformers` accepts, and error messages for others.

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
struct Sizes {
    width: usize,
    #[serde(default = "tenth")]
    dropout: f32,
    #[serde(default)]
    bias: bool,
    window: Option<usize>,
    scaling: Option<Scaling>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Scaling {
    factor: f64,
    lengths: Option<Vec<u32>>,
}

fn tenth() -> f32 {
    0.1
}

fn read(value: Value) -> Result<Sizes, KeyError> {
    from_object(value.as_object().unwrap())
}

#[test]
fn integers_may_be_floats_and_null_is_the_default() {
    let plain = Sizes { width: 12, dropout: 0.1, bias: false, window: None, scaling: None };
    assert_eq!(read(json!({"width": 12})).unwrap(), plain);
    let nulls = json!({"width": 12.0, "dropout": null, "bias": null, "window": null, "x": 1});
    assert_eq!(read(nulls).unwrap(), plain);
    let floats = json!({"width": 1.2e1, "dropout": 0, "window": 3.0, "scaling": {"factor": 2, "lengths": [1.0]}});
    let scaling = Some(Scaling { factor: 2.0, lengths: Some(vec![1]) });
    let expected = Sizes { dropout: 0.0, window: Some(3), scaling, ..plain };
    assert_eq!(read(floats).unwrap(), expected);
}

#[test]
fn an_error_names_the_key_the_expected_type_and_the_value() {
    for (value, expected) in [
        (json!({}), "width: is missing"),
        (json!({"width": null}), "width: expected a value, found `null`"),
        (json!({"width": "8"}), "width: expected a non-negative integer, found `\"8\"`"),
        (json!({"width": -8}), "width: expected a non-negative integer, found `-8`"),
        (json!({"width": {}}), "width: expected a non-negative integer, found `{}`"),
        (json!({"width": 8.5}), "width: expected a non-negative integer, found `8.5`"),
        (json!({"width": 1, "bias": 1}), "bias: expected true or false, found `1`"),
        (json!({"width": 1, "dropout": []}), "dropout: expected a number"),
        (
            json!({"width": 1, "window": true}),
            "window: expected a non-negative integer, found `true`",
        ),
        (
            json!({"width": 1, "scaling": {"factor": "x"}}),
            "scaling.factor: expected a number, found `\"x\"`",
        ),
        (json!({"width": 1, "scaling": {}}), "scaling.factor: is missing"),
        (json!({"width": 1, "scaling": 3}), "scaling: expected an object, found `3`"),
        (
            json!({"width": 1, "scaling": {"factor": 1, "lengths": [1, "x"]}}),
            "scaling.lengths.1: expected a non-negative integer, found `\"x\"`",
        ),
    ] {
        let message = read(value).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}, not {expected}");
    }
}
