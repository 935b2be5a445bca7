//! The parts of the data: for training, validation and the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crosshead_data::{Column, DataError, Row};
use crosshead_files::{read_text, write_atomic};
use crosshead_kernels::RandomKey;

use super::columns::{Columns, Table};
use crate::RunError;

/// The seed of the split.
const SEED: u64 = 1;

/// The share of each held-out part is one in so many examples.
const SHARE: usize = 20;

/// The limits of the size of each held-out part.
const LEAST: usize = 10;
const MOST: usize = 300;

/// The least number of examples.
const MINIMUM: usize = 8;

/// The form of the data.
#[derive(Debug)]
pub(super) enum Data {
    /// Two columns of a table.
    Table {
        columns: Columns,
        /// Their names in recipes.
        names: [&'static str; 2],
        /// The column that decides the part: equal texts are in the same part.
        key: usize,
        unit: &'static str,
    },
    /// A text.
    Text,
}

/// The files with the parts.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) train: PathBuf,
    pub(super) valid: PathBuf,
    pub(super) test: PathBuf,
    pub(super) n_train: usize,
    pub(super) n_valid: usize,
    pub(super) n_test: usize,
}

impl Parts {
    /// What was split, for the user.
    pub(super) fn note(&self, data: &Data, folder: &Path) -> String {
        format!(
            "held out: {} {} for validation, {} for the test; {} are trained on (in {})",
            self.n_valid,
            data.unit(),
            self.n_test,
            self.n_train,
            folder.display(),
        )
    }
}

impl Data {
    /// What an example is called.
    fn unit(&self) -> &'static str {
        match self {
            Self::Table { unit, .. } => unit,
            Self::Text => "lines",
        }
    }

    /// Splits a file and writes its lines to the parts in a folder. The split is a function of the data alone: equal texts are in the
    /// same part, in any order of the lines.
    pub(super) fn split(&self, path: &Path, folder: &Path) -> Result<Parts, RunError> {
        let Examples { header, examples } = self.examples(path)?;
        let n = examples.len();
        let too_few = || RunError::DataFile {
            file: path.display().to_string(),
            reason: format!(
                "{n} {}; at least {MINIMUM} different ones are needed, of which some are held out",
                self.unit()
            ),
        };
        if n < MINIMUM {
            return Err(too_few());
        }
        let size = (n / SHARE).clamp(LEAST.min(n / 4), MOST);
        let part_of = match self {
            Self::Table { .. } => by_key(&examples, size),
            // The end of the text, so that the parts are connected texts.
            Self::Text => {
                (0..n).map(|index| 2_usize.saturating_sub((n - 1 - index) / size)).collect()
            }
        };
        let mut parts = [const { String::new() }; 3].map(|empty| empty + &header);
        let mut counts = [0; 3];
        for (example, part) in examples.iter().zip(part_of) {
            parts[part].push_str(&example.line);
            parts[part].push('\n');
            counts[part] += 1;
        }
        if counts.contains(&0) {
            return Err(too_few());
        }
        let write = |name: &str, text: &str| self.write(path, folder, name, text);
        Ok(Parts {
            train: write("train", &parts[0])?,
            valid: write("valid", &parts[1])?,
            test: write("test", &parts[2])?,
            n_train: counts[0],
            n_valid: counts[1],
            n_test: counts[2],
        })
    }

    /// Writes a part of the file `path`.
    fn write(
        &self,
        path: &Path,
        folder: &Path,
        name: &str,
        text: &str,
    ) -> Result<PathBuf, RunError> {
        let end = match (self, path.extension()) {
            (Self::Table { .. }, Some(end)) => end.to_string_lossy().into_owned(),
            (Self::Table { .. }, None) => "tsv".to_owned(),
            (Self::Text, _) => "txt".to_owned(),
        };
        let path = folder.join(format!("{name}.{end}"));
        write_atomic(&path, text.as_bytes()).map_err(RunError::io(&path))?;
        Ok(path)
    }

    /// Checks a file and reads its examples.
    fn examples(&self, path: &Path) -> Result<Examples, RunError> {
        let text = read_text(path).map_err(RunError::io(path))?;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<&str> = text.lines().collect();
        match self {
            Self::Table { columns: Columns { first, second }, key, .. } => {
                let name = |column: &Column| match column {
                    Column::Name(name) => Some(name.clone()),
                    Column::Number(_) => None,
                };
                let names: Vec<String> = [first, second].into_iter().filter_map(name).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let table = Table::open_with(path, &names)?;
                let rows = table.rows([first, second])?;
                let header = match lines.first() {
                    Some(line) if table.has_header() => format!("{line}\n"),
                    Some(_) | None => String::new(),
                };
                let example = |row: Row<2>| {
                    let line = lines[row.line - 1].to_owned();
                    Example { line, key: row.fields[*key].clone() }
                };
                Ok(Examples { header, examples: rows.into_iter().map(example).collect() })
            }
            Self::Text => {
                if text.trim().is_empty() {
                    return Err(DataError::EmptyFile { name: path.display().to_string() }.into());
                }
                let example = |line: &str| Example { line: line.to_owned(), key: String::new() };
                let examples = lines.into_iter().map(example).collect();
                Ok(Examples { header: String::new(), examples })
            }
        }
    }
}

/// The examples of a file.
struct Examples {
    /// The first line of each part, with its line break; empty if the file has no header.
    header: String,
    examples: Vec<Example>,
}

/// An example as a line of its part.
struct Example {
    line: String,
    key: String,
}

/// The part of each example: 0 for training, 1 for validation, 2 for the test. `size` is that of each held-out part.
fn by_key(examples: &[Example], size: usize) -> Vec<usize> {
    let seed = RandomKey::new(SEED).stream("held-out");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    examples.iter().for_each(|example| *counts.entry(&example.key).or_default() += 1);
    let order: BTreeSet<([u32; 4], &str)> =
        counts.keys().map(|&key| (seed.stream(key).words(0), key)).collect();
    let mut held_out = BTreeMap::new();
    let mut sizes = [0; 3];
    for (_, key) in order {
        let Some(part) = [1, 2].into_iter().find(|&part| sizes[part] < size) else { break };
        sizes[part] += counts[key];
        held_out.insert(key, part);
    }
    let part = |example: &Example| held_out.get(example.key.as_str()).copied().unwrap_or(0);
    examples.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(keys: &[String]) -> Vec<Example> {
        keys.iter().map(|key| Example { line: key.clone(), key: key.clone() }).collect()
    }

    #[test]
    fn equal_texts_are_in_one_part_in_any_order() {
        let keys: Vec<String> = (0..300).map(|index| format!("text {}", index % 120)).collect();
        let parts = by_key(&examples(&keys), 15);
        let sizes = [0, 1, 2].map(|part| parts.iter().filter(|&&of| of == part).count());
        assert!(sizes[1] >= 15 && sizes[2] >= 15 && sizes[1] + sizes[2] < 40, "{sizes:?}");
        let by_text: BTreeMap<&String, usize> = keys.iter().zip(parts.iter().copied()).collect();
        assert!(keys.iter().zip(&parts).all(|(key, part)| by_text[key] == *part));
        let reversed: Vec<String> = keys.iter().rev().cloned().collect();
        let mut again = by_key(&examples(&reversed), 15);
        again.reverse();
        assert_eq!(again, parts);
    }
}
