//! Reads rows of a JSONL file, one object per line.

use serde_json::{Map, Value};

use crate::lines::lines;
use crate::{Column, DataError, Row};

/// The requested fields of each line's object.
pub(super) fn parse<const N: usize>(
    name: &str,
    text: &[u8],
    columns: [&Column; N],
) -> Result<Vec<Row<N>>, DataError> {
    let parse_line = |(line, text): (usize, String)| parse_line(name, line, &text, columns);
    lines(name, text)?.map(|line| line.and_then(parse_line)).collect()
}

fn parse_line<const N: usize>(
    name: &str,
    line: usize,
    text: &str,
    columns: [&Column; N],
) -> Result<Row<N>, DataError> {
    if text.trim().is_empty() {
        return Err(DataError::BlankLine { name: name.to_owned(), line });
    }
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let reason = format!("not a JSON object ({error})");
        DataError::Json { name: name.to_owned(), line, reason }
    })?;
    let mut fields = [const { String::new() }; N];
    for (field, column) in fields.iter_mut().zip(columns) {
        *field = value(name, line, &object, column)?;
    }
    Ok(Row { line, fields })
}

fn value(
    name: &str,
    line: usize,
    object: &Map<String, Value>,
    column: &Column,
) -> Result<String, DataError> {
    let key = match column {
        Column::Name(name) => name.clone(),
        Column::Number(number) => number.to_string(),
    };
    let found = match object.get(&key) {
        Some(Value::String(text)) => return Ok(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => return Ok(value.to_string()),
        Some(Value::Null) => "null",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
        None => {
            let known: Vec<String> = object.keys().map(|key| format!("`{key}`")).collect();
            return Err(DataError::NoSuchColumn {
                name: name.to_owned(),
                line,
                column: column.to_string(),
                known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
            });
        }
    };
    Err(DataError::JsonField { name: name.to_owned(), line, field: column.to_string(), found })
}
