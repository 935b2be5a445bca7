//! `crosshead recipes`.

use anyhow::Context;
use crosshead::recipes::reference;
use crosshead_assets::recipes::{self, EmbeddedRecipe, RECIPES};

use crate::args::Recipes;
use crate::output;

pub(crate) fn run(args: &Recipes) -> anyhow::Result<()> {
    if args.markdown {
        return output::part(&reference::markdown());
    }
    if let Some(query) = &args.reference {
        let keys = match query.as_str() {
            "" => reference::keys(),
            query => reference::find(query)?,
        };
        return output::part(&reference::listing(&keys));
    }
    let Some(name) = &args.name else {
        for recipe in &RECIPES {
            output::line(format_args!("{:<28}{}", recipe.name, recipe.summary()))?;
        }
        return Ok(());
    };
    output::line(find(name)?.text.trim_end())
}

/// The embedded recipe with this name.
pub(crate) fn find(name: &str) -> anyhow::Result<&'static EmbeddedRecipe> {
    recipes::find(name).with_context(|| {
        let names: Vec<&str> = RECIPES.iter().map(|recipe| recipe.name).collect();
        format!(
            "unknown recipe {name}; expected one of {}, or the path to a TOML file",
            names.join(", ")
        )
    })
}
