//! Rows of a TSV file, with or without a header.

use crate::lines::lines;
use crate::{Column, DataError, Row};

/// The asked columns of each line; the first one may be a header.
pub(super) fn parse<const N: usize>(
    name: &str,
    text: &[u8],
    header: bool,
    columns: [&Column; N],
) -> Result<Vec<Row<N>>, DataError> {
    let header = header || columns.iter().any(|column| matches!(column, Column::Name(_)));
    let mut first: Option<(usize, [usize; N])> = None;
    let mut rows = Vec::new();
    for line in lines(name, text)? {
        let (line, text) = line?;
        if text.bytes().all(|byte| byte == b' ') {
            return Err(DataError::BlankLine { name: name.to_owned(), line });
        }
        let fields: Vec<&str> = text.split('\t').collect();
        let (expected, places) = match first {
            Some(known) => known,
            None => {
                let known = (fields.len(), places(name, &fields, header, columns)?);
                first = Some(known);
                if header {
                    continue;
                }
                known
            }
        };
        if fields.len() != expected {
            return Err(DataError::UnevenColumns {
                name: name.to_owned(),
                line,
                columns: fields.len(),
                expected,
            });
        }
        rows.push(Row { line, fields: places.map(|place| fields[place].to_owned()) });
    }
    if rows.is_empty() {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    Ok(rows)
}

/// The place of each column in the first line.
fn places<const N: usize>(
    name: &str,
    first: &[&str],
    header: bool,
    columns: [&Column; N],
) -> Result<[usize; N], DataError> {
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = match column {
            Column::Number(number) => number.checked_sub(1).filter(|&place| place < first.len()),
            Column::Name(name) => first.iter().position(|field| field == name),
        };
        *place = found.ok_or_else(|| DataError::NoSuchColumn {
            name: name.to_owned(),
            line: 1,
            column: column.to_string(),
            known: if header {
                first.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            } else {
                first.len().to_string()
            },
        })?;
    }
    Ok(places)
}
