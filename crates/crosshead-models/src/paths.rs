//! What the path of a parameter says about it. The paths are the fields of the models.

/// The path of the encoder in a model with a head.
const ENCODER: &str = "encoder.";

/// Whether a parameter of a model with a head belongs to the head, and not to the encoder under it.
pub fn is_head(path: &str) -> bool {
    !path.starts_with(ENCODER)
}

/// Whether a parameter is a buffer, which is never trained.
pub fn is_buffer(path: &str) -> bool {
    path.ends_with("logits_bias")
}

/// The path that an encoder's parameter has in a model with a head.
pub(crate) fn under_head(path: &str) -> String {
    format!("{ENCODER}{path}")
}

/// Whether a parameter of a classifier belongs to its pooler.
pub(crate) fn is_pooler(path: &str) -> bool {
    path.starts_with("pooler.")
}

/// Whether a parameter is the embedding of tokens.
pub(crate) fn is_embedding(path: &str) -> bool {
    path.ends_with("embedding")
}

/// Whether a parameter is a table whose rows are looked up, so that no matrix product reads it.
pub(crate) fn is_table(path: &str) -> bool {
    is_embedding(path)
        || ["token_types", "positions.weight", "position_bias.weight"]
            .iter()
            .any(|table| path.ends_with(table))
}
