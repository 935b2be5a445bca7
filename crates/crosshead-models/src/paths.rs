//! Classification of parameters by their field paths.

use crosshead_kernels::Int8Weight;

/// The prefix of the encoder in a model with a head.
const ENCODER: &str = "encoder.";

/// Whether a parameter of a model with a head belongs to the head rather than the encoder.
pub fn is_head(path: &str) -> bool {
    !path.starts_with(ENCODER)
}

/// Whether a parameter is a buffer, which is not trained.
pub fn is_buffer(path: &str) -> bool {
    path.ends_with("logits_bias")
}

/// Whether a parameter belongs to the low-rank update of a linear layer.
pub fn is_lora(path: &str) -> bool {
    path.ends_with(".lora.a") || path.ends_with(".lora.b")
}

/// The path of an encoder's parameter in a model with a head.
pub(crate) fn under_head(path: &str) -> String {
    format!("{ENCODER}{path}")
}

/// Whether a parameter of a classifier belongs to the pooler.
pub(crate) fn is_pooler(path: &str) -> bool {
    path.starts_with("pooler.")
}

/// Whether a parameter is the token embedding.
pub(crate) fn is_embedding(path: &str) -> bool {
    path.ends_with("embedding")
}

/// Whether a parameter is an embedding table: its rows are looked up, not multiplied.
pub(crate) fn is_table(path: &str) -> bool {
    is_embedding(path)
        || ["token_types", "positions.weight", "position_bias.weight"]
            .iter()
            .any(|table| path.ends_with(table))
}

/// Whether a parameter is at the edge of a model: an embedding table, or the layer that computes logits.
pub fn is_edge(path: &str) -> bool {
    let is_output = |layer: &str| path == layer || path.starts_with(&format!("{layer}."));
    is_table(path) || ["output", "output_bias", "classifier"].into_iter().any(is_output)
}

/// Whether a parameter can be quantized to int8: projections, and the embedding, which may be the output projection.
pub fn takes_int8(path: &str, shape: &[usize]) -> bool {
    let is_table = is_table(path) && !is_embedding(path);
    matches!(shape, &[_, d_in] if (1..=Int8Weight::MAX_D_IN).contains(&d_in))
        && !is_table
        && !is_lora(path)
}
