//! The curves of runs: losses, validation metrics and learning rate, from `log.jsonl` to SVG.

mod log;
mod svg;

use std::path::Path;

use crosshead_files::write_atomic;

use crate::RunError;
use log::LOG;
pub use log::RunCurves;
use svg::draw;

/// Draws the curves of runs over each other and writes them as an SVG file.
///
/// # Errors
/// If there are no curves, or the file cannot be written.
pub fn write_curves(runs: &[RunCurves], path: &Path) -> Result<(), RunError> {
    write_atomic(path, draw(runs)?.as_bytes()).map_err(RunError::io(path))
}

/// Writes `curves.svg` of a run directory.
///
/// # Errors
/// As [`RunCurves::read`] and [`write_curves`].
pub(crate) fn write_curves_of(dir: &Path) -> Result<(), RunError> {
    write_curves(&[RunCurves::read(&dir.join(LOG), String::new())?], &dir.join("curves.svg"))
}
