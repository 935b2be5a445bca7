//! `crosshead licenses`.

use anyhow::Context;
use crosshead_assets::licenses::{self, DATA_SETS, MODELS};
use crosshead_assets::models;

use crate::args::Licenses;
use crate::output;

pub(crate) fn run(args: &Licenses) -> anyhow::Result<()> {
    if let Some(name) = &args.data {
        return texts(name);
    }
    output::line(format_args!(
        "crosshead {}: {}\n",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_LICENSE")
    ))?;
    output::line("Data sets (`crosshead licenses NAME` prints the license texts)\n")?;
    for set in &DATA_SETS {
        output::line(format_args!("{}: {}\n{}\n", set.name, set.license, set.attribution))?;
    }
    if !models::all().is_empty() {
        output::line("Models\n")?;
    }
    for model in models::all() {
        let made = MODELS.iter().find(|made| made.name == model.name());
        let made = made.with_context(|| format!("{}: its origin is unknown", model.name()))?;
        output::line(format_args!(
            "{}: {}\n{}\nTrained on the data set {}, see above.\n",
            made.name, made.license, made.attribution, made.data
        ))?;
    }
    output::line("Rust crates\n")?;
    for linked in licenses::crates() {
        output::line(format_args!("{} {}: {}", linked.name, linked.version, linked.license))?;
    }
    Ok(())
}

/// Prints the attribution of a data set and the texts of its licenses.
fn texts(name: &str) -> anyhow::Result<()> {
    let set = licenses::find(name).with_context(|| {
        let names: Vec<&str> = DATA_SETS.iter().map(|set| set.name).collect();
        format!("unknown data set {name}; expected one of {}", names.join(", "))
    })?;
    output::line(format_args!("{}: {}\n{}", set.name, set.license, set.attribution))?;
    for (file, text) in set.files.iter().zip(set.texts()) {
        output::line(format_args!("\n==> {file}\n\n{}", text.trim_end()))?;
    }
    Ok(())
}
