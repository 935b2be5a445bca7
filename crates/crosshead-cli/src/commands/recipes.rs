//! `crosshead recipes`.

use anyhow::Context;

use crate::args::Recipes;
use crate::embedded::{EmbeddedRecipe, RECIPES};
use crate::output;

pub(crate) fn run(args: &Recipes) -> anyhow::Result<()> {
    let Some(name) = &args.name else {
        for recipe in &RECIPES {
            output::line(format_args!("{:<28}{}", recipe.name, summary(recipe)))?;
        }
        return Ok(());
    };
    output::line(find(name)?.text.trim_end())
}

/// The embedded recipe of that name.
pub(crate) fn find(name: &str) -> anyhow::Result<&'static EmbeddedRecipe> {
    RECIPES.iter().find(|recipe| recipe.name == name).with_context(|| {
        let names: Vec<&str> = RECIPES.iter().map(|recipe| recipe.name).collect();
        format!(
            "there is no recipe {name}; there are {}, or give the path of a TOML file",
            names.join(", ")
        )
    })
}

/// A recipe's first comment line.
fn summary(recipe: &EmbeddedRecipe) -> &'static str {
    recipe.text.lines().next().unwrap_or_default().trim_start_matches("# ")
}
