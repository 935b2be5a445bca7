//! The label set of a classifier: names and class indices.

use std::collections::BTreeSet;

use crate::{DataError, Row};

/// The class labels of a classifier. A class is the index of its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSet {
    names: Vec<String>,
}

impl LabelSet {
    /// The distinct labels of a data set: in numeric order if all are integers, otherwise sorted as text.
    ///
    /// # Errors
    /// If there are fewer than two distinct labels.
    pub fn of<'a>(labels: impl IntoIterator<Item = &'a str>) -> Result<Self, DataError> {
        let distinct: BTreeSet<&str> = labels.into_iter().collect();
        let mut names: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
        if names.iter().all(|name| name.parse::<i64>().is_ok()) {
            names.sort_by_key(|name| name.parse::<i64>().ok());
        }
        Self::from_names(names)
    }

    /// A label set with these labels in this order, such as a model's `id2label`.
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

    /// The labels. Class `i` has the label `names()[i]`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The class with this label.
    pub fn class(&self, label: &str) -> Option<u32> {
        self.names.iter().position(|name| name == label).map(|class| class as u32)
    }

    /// The classes of rows whose first field is the label. `name` is the file in error messages.
    ///
    /// # Errors
    /// If a label is not in the set.
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
    /// If a class is out of range.
    pub fn counts(&self, classes: &[u32]) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        classes.iter().for_each(|&class| counts[class as usize] += 1);
        counts
    }

    /// The labels without any examples. A model cannot learn them, so report them to the user.
    ///
    /// # Panics
    /// If a class is out of range.
    pub fn without_examples(&self, classes: &[u32]) -> Vec<&str> {
        let counts = self.counts(classes);
        let names = self.names.iter().zip(counts);
        names.filter(|(_, count)| *count == 0).map(|(name, _)| name.as_str()).collect()
    }
}
