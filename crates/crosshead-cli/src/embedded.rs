//! The recipes and data that the program carries.

use crosshead::recipes::Assets;

/// A recipe that the program carries.
pub(crate) struct EmbeddedRecipe {
    /// What `crosshead train` calls it.
    pub(crate) name: &'static str,
    /// Its TOML.
    pub(crate) text: &'static str,
}

/// Files under `recipes/`, by what `crosshead train` calls them.
macro_rules! recipes {
    ($($name:literal),+ $(,)?) => {
        [$(EmbeddedRecipe {
            name: $name,
            text: include_str!(concat!("../recipes/", $name, ".toml")),
        }),+]
    };
}

/// Every recipe of `recipes/`.
pub(crate) const RECIPES: [EmbeddedRecipe; 9] = recipes![
    "translate-en-de",
    "translate-en-de-post-norm",
    "summarize",
    "sentiment",
    "sentiment-finetune",
    "language-model",
    "char-lm",
    "char-lm-long",
    "masked-lm",
];

/// Files under `data/`: their names after `embedded:`, and their bytes.
macro_rules! data {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("../data/", $name)).as_slice())),+]
    };
}

/// Every text of `data/`; the READMEs there say where it comes from and under which licence.
static DATA: [(&str, &[u8]); 12] = data![
    "language-model/train.txt",
    "language-model/valid.txt",
    "language-model/test.txt",
    "sentiment/train.tsv",
    "sentiment/valid.tsv",
    "sentiment/test.tsv",
    "summarize/train.tsv",
    "summarize/valid.tsv",
    "summarize/test.tsv",
    "translate-en-de/train.tsv",
    "translate-en-de/valid.tsv",
    "translate-en-de/test.tsv",
];

/// The data that the program carries, as recipes name it after `embedded:`.
pub(crate) struct Embedded;

impl Assets for Embedded {
    fn find(&self, name: &str) -> Option<&[u8]> {
        DATA.iter().find(|(known, _)| *known == name).map(|&(_, bytes)| bytes)
    }
}
