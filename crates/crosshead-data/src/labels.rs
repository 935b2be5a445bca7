//! Labels of classes, by name and by number.

use std::collections::BTreeSet;

use crate::{DataError, Row};

/// The names of the classes; a class's number is its place among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSet {
    names: Vec<String>,
}

impl LabelSet {
    /// The labels that occur, each once: in the order of their values if all are whole numbers, otherwise sorted as text.
    ///
    /// # Errors
    /// If fewer than two different labels occur.
    pub fn of<'a>(labels: impl IntoIterator<Item = &'a str>) -> Result<Self, DataError> {
        let distinct: BTreeSet<&str> = labels.into_iter().collect();
        let mut names: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
        if names.iter().all(|name| name.parse::<i64>().is_ok()) {
            names.sort_by_key(|name| name.parse::<i64>().ok());
        }
        Self::from_names(names)
    }

    /// These labels, in this order, as a model's `id2label` gives them.
    ///
    /// # Errors
    /// If there are fewer than two, or one occurs twice.
    pub fn from_names(names: Vec<String>) -> Result<Self, DataError> {
        if names.len() < 2 {
            return Err(DataError::TooFewLabels { count: names.len() });
        }
        let mut seen = BTreeSet::new();
        match names.iter().find(|name| !seen.insert(name.as_str())) {
            Some(label) => Err(DataError::RepeatedLabel { label: label.clone() }),
            None => Ok(Self { names }),
        }
    }

    /// The labels; class `i` is called `names()[i]`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of the class with this label.
    pub fn class(&self, label: &str) -> Option<u32> {
        self.names.iter().position(|name| name == label).map(|class| class as u32)
    }

    /// The classes of rows that begin with their label, in their order; errors call the rows' file `name`.
    ///
    /// # Errors
    /// If a label is none of the set.
    pub fn classes<const N: usize>(
        &self,
        name: &str,
        rows: &[Row<N>],
    ) -> Result<Vec<u32>, DataError> {
        let class = |row: &Row<N>| {
            let label = row.fields.first().map_or("", String::as_str);
            self.class(label).ok_or_else(|| DataError::UnseenLabel {
                name: name.to_owned(),
                line: row.line,
                label: label.to_owned(),
                known: self.names.join(", "),
            })
        };
        rows.iter().map(class).collect()
    }

    /// The number of examples of each class.
    ///
    /// # Panics
    /// If a class is none of the set.
    pub fn counts(&self, classes: &[u32]) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        classes.iter().for_each(|&class| counts[class as usize] += 1);
        counts
    }

    /// The labels that no example has: a model can't learn them, and a user should be told.
    ///
    /// # Panics
    /// If a class is none of the set.
    pub fn without_examples(&self, classes: &[u32]) -> Vec<&str> {
        let counts = self.counts(classes);
        let names = self.names.iter().zip(counts);
        names.filter(|(_, count)| *count == 0).map(|(name, _)| name.as_str()).collect()
    }
}
