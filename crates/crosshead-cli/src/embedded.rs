//! The recipes and data that the program carries.

/// A recipe that the program carries.
pub(crate) struct EmbeddedRecipe {
    /// What `crosshead train` calls it.
    pub(crate) name: &'static str,
    /// Its TOML.
    pub(crate) text: &'static str,
}

/// Every recipe of `recipes/`.
pub(crate) const RECIPES: [EmbeddedRecipe; 2] = [
    EmbeddedRecipe {
        name: "translate-en-de",
        text: include_str!("../recipes/translate-en-de.toml"),
    },
    EmbeddedRecipe {
        name: "translate-en-de-post-norm",
        text: include_str!("../recipes/translate-en-de-post-norm.toml"),
    },
];

/// The embedded file of that name, as recipes give it behind `embedded:`.
pub(crate) fn data(name: &str) -> Option<&'static [u8]> {
    match name {
        "translate-en-de/train.tsv" => Some(include_bytes!("../data/translate-en-de/train.tsv")),
        "translate-en-de/valid.tsv" => Some(include_bytes!("../data/translate-en-de/valid.tsv")),
        "translate-en-de/test.tsv" => Some(include_bytes!("../data/translate-en-de/test.tsv")),
        _ => None,
    }
}
