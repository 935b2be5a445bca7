//! Rotary embedding in `config.json`: `rope_theta` and `rope_scaling`, or both in `rope_parameters` (transformers 5).

use crosshead_position::{RotaryConfig, RotaryScaling};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ModelError;
use crate::pretrained::config_file::{ConfigFile, to_object};

#[derive(Default, Serialize, Deserialize)]
struct Keys {
    #[serde(skip_serializing_if = "Option::is_none")]
    rope_theta: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rope_scaling: Option<Scaling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rope_parameters: Option<Scaling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_rotary_factor: Option<f64>,
}

#[derive(Default, Serialize, Deserialize)]
struct Scaling {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rope_theta: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_rotary_factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    low_freq_factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high_freq_factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_max_position_embeddings: Option<usize>,
}

/// The supported kinds of scaling.
const KINDS: &str = "default, linear, dynamic and llama3";

/// Reads the rotary embedding of heads of `d_head` features and texts of up to `max_len` tokens.
pub(super) fn read(
    file: &ConfigFile,
    d_head: usize,
    max_len: usize,
) -> Result<RotaryConfig, ModelError> {
    let keys: Keys = file.keys()?;
    let key = if keys.rope_parameters.is_some() { "rope_parameters" } else { "rope_scaling" };
    let scaling = keys.rope_parameters.or(keys.rope_scaling).unwrap_or_default();
    let partial = scaling.partial_rotary_factor.or(keys.partial_rotary_factor).unwrap_or(1.0);
    let base = scaling.rope_theta.or(keys.rope_theta).unwrap_or(10_000.0);
    let positive = |name: &'static str, value: Option<f64>| {
        value.filter(|value| value.is_finite() && *value > 0.0).ok_or_else(|| {
            let found = value.map_or("missing".to_owned(), |value| value.to_string());
            file.wrong(key, format!("{name}: expected a number above 0, found {found}"))
        })
    };
    positive("rope_theta", Some(base))?;
    let factor = || positive("factor", scaling.factor);
    let scaling = match scaling.rope_type.as_deref().unwrap_or("default") {
        "default" => RotaryScaling::None,
        "linear" => RotaryScaling::Linear { factor: factor()? },
        "dynamic" => RotaryScaling::Dynamic { factor: factor()?, original_max_len: max_len },
        "llama3" => {
            let low = positive("low_freq_factor", scaling.low_freq_factor)?;
            let high = positive("high_freq_factor", scaling.high_freq_factor)?;
            if low >= high {
                let reason =
                    format!("low_freq_factor ({low}) must be below high_freq_factor ({high})");
                return Err(file.wrong(key, reason));
            }
            RotaryScaling::Llama3 {
                factor: factor()?,
                low_freq_factor: low,
                high_freq_factor: high,
                original_max_len: scaling.original_max_position_embeddings.unwrap_or(max_len),
            }
        }
        other => {
            return Err(file
                .wrong(key, format!("{other} is not supported; the supported kinds are {KINDS}")));
        }
    };
    let rotated = (d_head as f64 * partial) as usize;
    if rotated == 0 || rotated > d_head || !rotated.is_multiple_of(2) {
        let reason =
            format!("cannot rotate {rotated} of {d_head} features: an even number is needed");
        return Err(file.wrong("head_dim", reason));
    }
    Ok(RotaryConfig::new(d_head).with_base(base).with_scaling(scaling).with_rotated_dims(rotated))
}

/// The keys of a rotary embedding that rotates all features.
pub(super) fn write(rotary: &RotaryConfig) -> Map<String, Value> {
    let kind = |name: &str| Scaling { rope_type: Some(name.to_owned()), ..Scaling::default() };
    let scaling = match rotary.scaling() {
        RotaryScaling::None | RotaryScaling::Ntk { .. } => None,
        RotaryScaling::Linear { factor } => {
            Some(Scaling { factor: Some(factor), ..kind("linear") })
        }
        RotaryScaling::Dynamic { factor, .. } => {
            Some(Scaling { factor: Some(factor), ..kind("dynamic") })
        }
        RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_max_len } => {
            Some(Scaling {
                factor: Some(factor),
                low_freq_factor: Some(low_freq_factor),
                high_freq_factor: Some(high_freq_factor),
                original_max_position_embeddings: Some(original_max_len),
                ..kind("llama3")
            })
        }
    };
    to_object(&Keys { rope_theta: Some(rotary.base()), rope_scaling: scaling, ..Keys::default() })
}
