//! The locations of a model's parameters in `model.bin`.

use std::ops::Range;

use crate::StackConfig;

/// The locations of a model's parameters.
pub(super) struct Places {
    table: Table,
    /// The rows of queries and of keys or values in a fused projection.
    q_rows: usize,
    kv_rows: usize,
    max_len: usize,
    gated: bool,
}

/// The embedding.
pub(super) struct Table {
    /// The name of the variable.
    pub(super) name: String,
    /// Rows that exist only in the model.
    pub(super) extended: Extended,
}

/// Rows of the embedding that are not in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extended {
    /// None.
    No,
    /// One row for padding, with a zero embedding; padding is never generated.
    ByPadding,
}

/// The location of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The name of the variable.
    pub(super) name: String,
    /// The rows of the parameter; `None` for all.
    pub(super) rows: Option<Rows>,
    /// The value of an additional row after the rows in the file.
    pub(super) added: Option<f32>,
    /// Whether the parameter is zero if the variable is missing.
    pub(super) optional: bool,
}

/// A range of rows of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) range: Range<usize>,
    /// The total number of rows of the variable; `None` if it may have more.
    pub(super) of: Option<usize>,
}

impl Rows {
    fn new(start: usize, n: usize, of: usize) -> Option<Self> {
        Some(Self { range: start..start + n, of: Some(of) })
    }
}

impl Place {
    fn of(name: String) -> Self {
        Self { name, rows: None, added: None, optional: false }
    }
}

/// The logit bias that excludes padding.
const NEVER: f32 = -1e9;

impl Places {
    /// The locations for a model with this stack and embedding.
    pub(super) fn new(stack: &StackConfig, table: Table) -> Self {
        Self {
            table,
            q_rows: stack.n_heads * stack.d_head(),
            kv_rows: stack.n_kv_heads() * stack.d_head(),
            max_len: stack.max_len,
            gated: stack.gated,
        }
    }

    /// The location of the parameter at `path`; `None` if the format has no such parameter.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let segments: Vec<&str> = path.split('.').collect();
        let extended = |place, value| match self.table.extended {
            Extended::No => place,
            Extended::ByPadding => Place { added: Some(value), ..place },
        };
        Some(match segments.as_slice() {
            ["embedding"] => extended(Place::of(self.table.name.clone()), 0.0),
            ["output"] => extended(Place::of("decoder/projection/weight".to_owned()), 0.0),
            ["logits_bias"] => {
                let bias = Place::of("decoder/projection/bias".to_owned());
                extended(Place { optional: true, ..bias }, NEVER)
            }
            [input, "positions", "weight"] => {
                let name = format!("{}/position_encodings/encodings", stack_of(input)?);
                let rows = Rows { range: 0..self.max_len, of: None };
                Place { rows: Some(rows), ..Place::of(name) }
            }
            [input, "norm", leaf] => {
                Place::of(format!("{}/layernorm_embedding/{}", stack_of(input)?, norm(leaf)?))
            }
            [stack, "final_norm", leaf] => Place::of(format!("{stack}/layer_norm/{}", norm(leaf)?)),
            [stack, "position_bias", "weight"] => {
                Place::of(format!("{stack}/layer_0/self_attention/relative_attention_bias"))
            }
            [stack, "layers", layer, part, leaf] => {
                let part = part.strip_suffix("_norm")?;
                Place::of(format!(
                    "{stack}/layer_{layer}/{}/layer_norm/{}",
                    sub_layer(part)?,
                    norm(leaf)?
                ))
            }
            [stack, "layers", layer, part, projection, leaf] => {
                let scope = format!("{stack}/layer_{layer}/{}", sub_layer(part)?);
                let (linear, rows) = self.linear(part, projection)?;
                let name = format!("{scope}/{linear}/{leaf}");
                Place { rows, optional: *leaf == "bias", ..Place::of(name) }
            }
            _ => return None,
        })
    }

    /// The layer that contains a projection, and its rows.
    fn linear(&self, part: &str, projection: &str) -> Option<(&'static str, Option<Rows>)> {
        let (q, kv) = (self.q_rows, self.kv_rows);
        let (all, pair) = (q + 2 * kv, 2 * kv);
        Some(match (part, projection) {
            ("self_attn", "q_proj") => ("linear_0", Rows::new(0, q, all)),
            ("self_attn", "k_proj") => ("linear_0", Rows::new(q, kv, all)),
            ("self_attn", "v_proj") => ("linear_0", Rows::new(q + kv, kv, all)),
            ("self_attn", "out_proj") => ("linear_1", None),
            ("cross_attn", "q_proj") => ("linear_0", None),
            ("cross_attn", "k_proj") => ("linear_1", Rows::new(0, kv, pair)),
            ("cross_attn", "v_proj") => ("linear_1", Rows::new(kv, kv, pair)),
            ("cross_attn", "out_proj") => ("linear_2", None),
            // In a gated unit, linear_0 is the projection with the activation.
            ("feed_forward", "gate") => ("linear_0", None),
            ("feed_forward", "up") if self.gated => ("linear_0_noact", None),
            ("feed_forward", "up") => ("linear_0", None),
            ("feed_forward", "down") => ("linear_1", None),
            _ => return None,
        })
    }
}

/// The stack of an input layer.
fn stack_of(input: &str) -> Option<&'static str> {
    match input {
        "encoder_input" => Some("encoder"),
        "decoder_input" | "input" => Some("decoder"),
        _ => None,
    }
}

/// The name of a sub-layer in the file.
fn sub_layer(part: &str) -> Option<&'static str> {
    match part {
        "self_attn" => Some("self_attention"),
        "cross_attn" => Some("attention"),
        "feed_forward" => Some("ffn"),
        _ => None,
    }
}

/// The name of a norm's parameter in the file.
fn norm(leaf: &str) -> Option<&'static str> {
    match leaf {
        "weight" => Some("gamma"),
        "bias" => Some("beta"),
        _ => None,
    }
}
