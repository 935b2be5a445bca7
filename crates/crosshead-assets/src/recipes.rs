//! The embedded recipes.

/// A recipe for `crosshead train NAME`.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedRecipe {
    /// Its name.
    pub name: &'static str,
    /// Its TOML.
    pub text: &'static str,
}

impl EmbeddedRecipe {
    /// A description of what it trains: its first comment line.
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}

/// Embeds the files in `recipes/` with these names.
macro_rules! recipes {
    ($($name:literal),+ $(,)?) => {
        [$(EmbeddedRecipe {
            name: $name,
            text: include_str!(concat!("../recipes/", $name, ".toml")),
        }),+]
    };
}

/// Every recipe in `recipes/`.
pub const RECIPES: [EmbeddedRecipe; 10] = recipes![
    "translate-en-de",
    "translate-en-de-long",
    "translate-en-de-post-norm",
    "summarize",
    "sentiment",
    "sentiment-finetune",
    "language-model",
    "char-lm",
    "char-lm-long",
    "masked-lm",
];

/// The recipe with this name.
pub fn find(name: &str) -> Option<&'static EmbeddedRecipe> {
    RECIPES.iter().find(|recipe| recipe.name == name)
}
