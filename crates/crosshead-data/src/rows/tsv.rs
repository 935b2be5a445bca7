//! Reads rows of a TSV file, with or without a header.

use crate::lines::lines;
use crate::{Column, DataError, Row};

/// The requested columns of each line. The first line may be a header.
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
        let (expected, indices) = match first {
            Some(known) => known,
            None => {
                let known = (fields.len(), column_indices(name, &fields, header, columns)?);
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
        rows.push(Row { line, fields: indices.map(|index| fields[index].to_owned()) });
    }
    if rows.is_empty() {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    Ok(rows)
}

/// The index of each column in the first line.
fn column_indices<const N: usize>(
    name: &str,
    first: &[&str],
    header: bool,
    columns: [&Column; N],
) -> Result<[usize; N], DataError> {
    let mut indices = [0; N];
    for (index, column) in indices.iter_mut().zip(columns) {
        let found = match column {
            Column::Number(number) => number.checked_sub(1).filter(|&index| index < first.len()),
            Column::Name(name) => first.iter().position(|field| field == name),
        };
        *index = found.ok_or_else(|| DataError::NoSuchColumn {
            name: name.to_owned(),
            line: 1,
            column: column.to_string(),
            known: if header {
                first.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            } else {
                format!("1 to {}", first.len())
            },
        })?;
    }
    Ok(indices)
}
