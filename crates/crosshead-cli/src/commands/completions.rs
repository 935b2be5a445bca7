//! `crosshead completions` and `crosshead man`: files generated from the command line.

use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;

use crate::args::{Args, Completions, Man};
use crate::output;

pub(crate) fn run(args: &Completions) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "crosshead", &mut script);
    output::part(&String::from_utf8(script)?)
}

pub(crate) fn man(args: &Man) -> anyhow::Result<()> {
    if let Some(dir) = &args.out {
        return pages(dir);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    output::part(&String::from_utf8(page)?)
}

/// Writes a page for the program and one for each command.
fn pages(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)
        .with_context(|| format!("cannot create the directory {}", dir.display()))?;
    clap_mangen::generate_to(Args::command(), dir)
        .with_context(|| format!("cannot write the pages to {}", dir.display()))
}
