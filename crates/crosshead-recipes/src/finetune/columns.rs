//! The columns of a table: which is the source, the target, the label or the text.

use std::collections::BTreeSet;
use std::path::Path;

use crosshead_data::{Column, DataError, Format, Row, read_rows};
use serde_json::{Map, Value};

use crate::RunError;

/// Names of columns, in the header of a TSV file or in JSONL.
const SOURCES: [&str; 5] = ["source", "src", "document", "text", "input"];
const TARGETS: [&str; 6] = ["target", "tgt", "summary", "translation", "reference", "output"];
const LABELS: [&str; 5] = ["label", "class", "category", "sentiment", "labels"];
const TEXTS: [&str; 5] = ["text", "sentence", "source", "review", "content"];

/// A table and the columns in its first line.
pub(super) struct Table<'a> {
    path: &'a Path,
    format: Format,
    columns: Vec<Column>,
}

/// Two columns of a table: source and target, or label and text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    pub(super) first: Column,
    pub(super) second: Column,
}

impl<'a> Table<'a> {
    /// Reads the names of the columns, or their number.
    pub(super) fn open(path: &'a Path) -> Result<Self, RunError> {
        Self::open_with(path, &[])
    }

    /// Like [`open`](Self::open), with more names that columns may have.
    pub(super) fn open_with(path: &'a Path, more: &[&str]) -> Result<Self, RunError> {
        let name = path.display().to_string();
        let format = Format::of_name(&name, false);
        let text = crosshead_files::read_text(path).map_err(RunError::io(path))?;
        let Some(line) = text.lines().find(|line| !line.trim().is_empty()) else {
            return Err(DataError::EmptyFile { name }.into());
        };
        let columns = match format {
            Format::Jsonl => {
                let object: Map<String, Value> = serde_json::from_str(line).map_err(|error| {
                    let reason = format!("not a JSON object ({error})");
                    DataError::Json { name: name.clone(), line: 1, reason }
                })?;
                object.keys().map(|key| Column::Name(key.clone())).collect()
            }
            Format::Tsv { .. } => {
                let fields: Vec<&str> = line.split('\t').collect();
                let known = [&SOURCES[..], &TARGETS, &LABELS, &TEXTS].concat();
                let named = |field: &&str| {
                    let name = field.trim().to_lowercase();
                    let is_more = more.iter().any(|more| more.trim().to_lowercase() == name);
                    is_more || known.contains(&name.as_str())
                };
                if fields.iter().filter(|field| named(field)).count() >= 2 {
                    fields.iter().map(|field| Column::Name((*field).to_owned())).collect()
                } else {
                    (1..=fields.len()).map(Column::Number).collect()
                }
            }
        };
        let table = Self { path, format, columns };
        if table.columns.len() < 2 {
            return Err(RunError::DataFile {
                file: name,
                reason: format!(
                    "line 1: {} column; a table has at least two, separated by tabs (TSV) or as fields of JSON objects \
                     (JSONL)",
                    table.columns.len()
                ),
            });
        }
        Ok(table)
    }

    /// The source and the target.
    pub(super) fn pair(&self, given: [Option<Column>; 2]) -> Result<Columns, RunError> {
        let [source, target] = given;
        let source = source.or_else(|| self.named(&SOURCES));
        let target = target.or_else(|| self.named(&TARGETS));
        if let (Some(first), Some(second)) = (source, target) {
            return Ok(Columns { first, second });
        }
        match self.columns.as_slice() {
            [first, second] => Ok(Columns { first: first.clone(), second: second.clone() }),
            columns => Err(self.ambiguous(columns.len(), ["source", "target"])),
        }
    }

    /// The label and the text. The label is the column with only `known` labels, if there are any, or else the one with the
    /// fewest different values; the text is the longest of the others.
    pub(super) fn labelled(
        &self,
        given: [Option<Column>; 2],
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Columns, RunError> {
        let [label, text] = given;
        let label = label.or_else(|| self.named(&LABELS));
        let text = text.or_else(|| self.named(&TEXTS));
        if let (Some(first), Some(second)) = (&label, &text) {
            return Ok(Columns { first: first.clone(), second: second.clone() });
        }
        let mut measured = Vec::new();
        for column in &self.columns {
            let rows = self.rows([column])?;
            let values = || rows.iter().map(|row| row.fields[0].as_str());
            let distinct: BTreeSet<&str> = values().collect();
            let length: usize = values().map(str::len).sum();
            let is_known = distinct.iter().all(|value| known(value));
            measured.push((column, is_known, distinct.len(), length, rows.len()));
        }
        let is_label = |&&(_, _, distinct, _, rows): &&(_, _, usize, _, usize)| {
            distinct >= 2 && distinct * 2 <= rows
        };
        let first = label.or_else(|| {
            let found = measured.iter().find(|(_, is_known, ..)| *is_known);
            let fewest = || measured.iter().filter(is_label).min_by_key(|(_, _, n, ..)| *n);
            found.or_else(fewest).map(|(column, ..)| (*column).clone())
        });
        let Some(first) = first else {
            return Err(self.ambiguous(self.columns.len(), ["label", "text"]));
        };
        let others = measured.iter().filter(|(column, ..)| **column != first);
        let longest = others.max_by_key(|(_, _, _, length, _)| *length);
        match text.or_else(|| longest.map(|(column, ..)| (*column).clone())) {
            Some(second) => Ok(Columns { first, second }),
            None => Err(self.ambiguous(self.columns.len(), ["label", "text"])),
        }
    }

    /// Whether the first line of a TSV file has the names of the columns.
    pub(super) fn has_header(&self) -> bool {
        let is_named = self.columns.iter().any(|column| matches!(column, Column::Name(_)));
        is_named && self.format != Format::Jsonl
    }

    /// The rows of the given columns.
    pub(super) fn rows<const N: usize>(
        &self,
        columns: [&Column; N],
    ) -> Result<Vec<Row<N>>, RunError> {
        let format = match self.format {
            Format::Tsv { .. } => Format::Tsv { header: self.has_header() },
            Format::Jsonl => Format::Jsonl,
        };
        Ok(read_rows(self.path, format, columns)?)
    }

    /// The first column with one of these names.
    pub(super) fn named(&self, names: &[&str]) -> Option<Column> {
        let is_named = |column: &&Column, name: &str| match column {
            Column::Name(column) => column.trim().to_lowercase() == name.to_lowercase(),
            Column::Number(_) => false,
        };
        names
            .iter()
            .find_map(|name| self.columns.iter().find(|column| is_named(column, name)).cloned())
    }

    fn ambiguous(&self, n: usize, [first, second]: [&str; 2]) -> RunError {
        let columns: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        RunError::DataFile {
            file: self.path.display().to_string(),
            reason: format!(
                "it is not clear which of the {n} columns ({}) is the {first} and which the {second}; name them with \
                 --set data.{first}=… --set data.{second}=…",
                columns.join(", ")
            ),
        }
    }
}
