//! The keys in which two recipes differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::write::to_table;

/// Keys that change the length of a run, where it ends or what it keeps on disk, but not the result of a step.
const FREE: [&str; 8] = [
    "train.steps",
    "train.epochs",
    "train.tokens",
    "train.max_time",
    "train.patience",
    "train.on_divergence",
    "train.keep",
    "train.resolved",
];

/// Values by key, in TOML syntax.
type Values = BTreeMap<String, String>;

/// A key whose values differ in two recipes.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    key: String,
    there: Option<String>,
    here: Option<String>,
}

impl Difference {
    fn of(key: &str, there: &Values, here: &Values) -> Self {
        let [there, here] = [there, here].map(|values| values.get(key).cloned());
        Self { key: key.to_owned(), there, here }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
        write!(
            f,
            "{} is {} in the run and {} here",
            self.key,
            value(&self.there),
            value(&self.here)
        )
    }
}

/// The differences that prevent a run of the recipe `there` from being resumed with the recipe `here`.
pub(crate) fn differences<R: Serialize>(there: &R, here: &R) -> Vec<Difference> {
    let (there, here) = (values(there), values(here));
    if there.get("task") != here.get("task") {
        return vec![Difference::of("task", &there, &here)];
    }
    let keys: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    keys.into_iter()
        .filter(|key| !FREE.contains(&key.as_str()) && there.get(*key) != here.get(*key))
        .map(|key| Difference::of(key, &there, &here))
        .collect()
}

/// Every key with its value in TOML syntax.
fn values<R: Serialize>(recipe: &R) -> Values {
    let mut values = Values::new();
    for (key, value) in to_table(recipe) {
        match value {
            toml::Value::Table(section) => values.extend(
                section
                    .into_iter()
                    .map(|(name, value)| (format!("{key}.{name}"), value.to_string())),
            ),
            value => drop(values.insert(key, value.to_string())),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    const MINIMAL: &str = "task = \"translate\"\n[data]\ntrain = \"a.tsv\"\nvalid = \"b.tsv\"\n";

    fn messages(sets: &[&str]) -> Vec<String> {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let parse = |sets: &[String]| Recipe::parse("r", MINIMAL, sets).unwrap();
        differences(&parse(&[]), &parse(&sets)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_difference_names_the_key_and_both_values() {
        assert_eq!(messages(&["train.seed=2"]), ["train.seed is 1 in the run and 2 here"]);
        assert_eq!(
            messages(&["data.test=t.tsv", "train.freeze=[\"a\"]"]),
            [
                "data.test is absent in the run and \"t.tsv\" here",
                "train.freeze is [] in the run and [\"a\"] here"
            ]
        );
        assert_eq!(
            messages(&["task=summarize"]),
            ["task is \"translate\" in the run and \"summarize\" here"]
        );
    }

    #[test]
    fn the_number_of_steps_and_of_checkpoints_may_differ() {
        assert!(messages(&["train.steps=7", "train.keep=5", "train.max_time=1h"]).is_empty());
        assert!(messages(&["train.epochs=7"]).is_empty());
    }
}
