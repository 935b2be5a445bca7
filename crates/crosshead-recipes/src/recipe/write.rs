//! Recipes and their sections as TOML.

use serde::Serialize;

/// TOML text with every key that is set.
pub(crate) fn to_toml<T: Serialize>(recipe: &T) -> String {
    toml::to_string(recipe).unwrap_or_else(|error| unreachable!("a recipe is plain data: {error}"))
}

/// A table with every key that is set.
pub(crate) fn to_table<T: Serialize>(recipe: &T) -> toml::Table {
    // Through text, which needs no second serializer for each type.
    let table = to_toml(recipe).parse();
    table.unwrap_or_else(|error| unreachable!("the text is TOML: {error}"))
}
