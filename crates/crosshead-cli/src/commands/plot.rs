//! `crosshead plot`.

use std::collections::HashSet;
use std::path::PathBuf;

use crosshead::recipes::{RunCurves, write_curves};

use crate::args::Plot;
use crate::output;

pub(crate) fn run(args: &Plot) -> anyhow::Result<()> {
    let names = names(&args.runs);
    let runs: Result<Vec<RunCurves>, _> =
        args.runs.iter().zip(names).map(|(run, name)| RunCurves::read(run, name)).collect();
    write_curves(&runs?, &args.out)?;
    output::line(args.out.display())
}

/// The label of each run: the name of its directory, or its path if two runs have the same name.
fn names(runs: &[PathBuf]) -> Vec<String> {
    let name = |run: &PathBuf| {
        let dir = if run.is_dir() { Some(run.as_path()) } else { run.parent() };
        let name = dir.and_then(|dir| dir.file_name()).unwrap_or(run.as_os_str());
        name.to_string_lossy().into_owned()
    };
    let names: Vec<String> = runs.iter().map(name).collect();
    let distinct: HashSet<&String> = names.iter().collect();
    if distinct.len() == names.len() {
        return names;
    }
    runs.iter().map(|run| run.display().to_string()).collect()
}
