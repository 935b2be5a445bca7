//! Tab-separated values: the text of some columns.

use super::text::slot;
use crate::error::DocumentError;
use crate::escape::Escape;
use crate::slot::Slot;

/// The segments of the given columns, counted from 1.
///
/// # Errors
/// If no column is given, or a line has fewer of them. Empty lines are allowed.
pub(super) fn slots(source: &str, columns: &[usize]) -> Result<Vec<Slot>, DocumentError> {
    let last = columns.iter().copied().max().ok_or(DocumentError::ColumnsNeeded)?;
    if columns.contains(&0) {
        return Err(DocumentError::ColumnsNeeded);
    }
    let mut slots = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(source.split_inclusive('\n')) {
        let text = line.trim_end_matches(['\n', '\r']);
        let found = text.split('\t').count();
        if !text.is_empty() && found < last {
            let reason = format!("{found} columns, but column {last} is to be translated");
            return Err(DocumentError::Syntax { line: number, reason });
        }
        let mut at = start;
        for (column, cell) in (1..).zip(text.split('\t')) {
            if columns.contains(&column) {
                slots.extend(slot(at, cell, Escape::Cell));
            }
            at += cell.len() + 1;
        }
        start += line.len();
    }
    Ok(slots)
}
