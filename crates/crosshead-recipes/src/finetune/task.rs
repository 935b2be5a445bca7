//! The task of a fine-tuning run: from the model's head and the form of the data.

use std::path::Path;

use crosshead_data::{Column, DataError};
use crosshead_models::{Head, ModelFiles, SequenceClassifier};
use crosshead_tasks::ModelTask;

use super::columns::{Columns, Table};
use super::split::Data;
use super::{FineTuning, HeadChoice};
use crate::recipe::InvalidKey;
use crate::{RunError, TaskKind};

/// What is trained on what.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) task: TaskKind,
    pub(super) data: Data,
    /// The labels of a classifier as they are in the data, and their names in the model, if it keeps its head.
    pub(super) labels: Option<KnownLabels>,
    /// Whether the model has the head of the task.
    pub(super) has_head: bool,
    pub(super) notes: Vec<String>,
}

/// The labels of the model's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownLabels {
    pub(super) in_data: Vec<String>,
    pub(super) names: Vec<String>,
}

impl Plan {
    pub(super) fn of(tuning: &FineTuning, model: &ModelFiles) -> Result<Self, RunError> {
        let head = model.directory()?.head;
        let is_text = is_text(&tuning.data)?;
        let task = match tuning.task {
            Some(task) => task,
            None => task(tuning, model, head, is_text)?,
        };
        let mut notes = Vec::new();
        let plan = match task {
            TaskKind::Translate | TaskKind::Summarize => {
                let table = Table::open(&tuning.data)?;
                let columns = table.pair(given(&tuning.sets, ["source", "target"]))?;
                notes.push(found(task, &columns, ["source", "target"]));
                let names = ["source", "target"];
                let data = Data::Table { columns, names, key: 0, unit: "pairs" };
                Self { task, data, labels: None, has_head: head == Head::Seq2SeqLm, notes }
            }
            TaskKind::TokenClassify | TaskKind::Embed => {
                let reason = format!(
                    "finetune does not train {task}; write a recipe with `init` and run crosshead train"
                );
                return Err(InvalidKey::new("task", reason).into());
            }
            TaskKind::Classify => {
                let known = known_labels(tuning, model, head)?;
                let table = Table::open(&tuning.data)?;
                let is_known = |value: &str| known.as_ref().is_some_and(|known| known.has(value));
                let columns = table.labelled(given(&tuning.sets, ["label", "text"]), &is_known)?;
                notes.push(found(task, &columns, ["label", "text"]));
                let labels = match known {
                    Some(names) => Some(names.of_data(&tuning.data, &table, &columns)?),
                    None => None,
                };
                notes.push(match &labels {
                    Some(labels) => format!("labels of the model: {}", labels.names.join(", ")),
                    None => "the head is new: it is trained on the labels of the data".to_owned(),
                });
                let data = Data::Table { columns, names: ["label", "text"], key: 1, unit: "texts" };
                Self { task, data, has_head: labels.is_some(), labels, notes }
            }
            TaskKind::LanguageModel | TaskKind::MaskedLm | TaskKind::SpanCorruption => {
                notes.push(format!("task: {task} on plain text"));
                let has_head = matches!(head, Head::CausalLm | Head::MaskedLm | Head::Seq2SeqLm);
                Self { task, data: Data::Text, labels: None, has_head, notes }
            }
        };
        Ok(plan)
    }
}

/// The task of a model with data of this form.
fn task(
    tuning: &FineTuning,
    model: &ModelFiles,
    head: Head,
    is_text: bool,
) -> Result<TaskKind, RunError> {
    let wrong = |reason: &str| {
        let file = tuning.data.display().to_string();
        Err(RunError::DataFile { file, reason: reason.to_owned() })
    };
    match (head, is_text) {
        (Head::Seq2SeqLm, false) => Ok(TaskKind::of_model(ModelTask::of(&tuning.model)?)),
        (Head::CausalLm, true) => Ok(TaskKind::LanguageModel),
        (Head::MaskedLm, true) => Ok(TaskKind::MaskedLm),
        (Head::SequenceClassifier | Head::MaskedLm | Head::Encoder, false) => {
            Ok(TaskKind::Classify)
        }
        (Head::CausalLm, false) => wrong(
            "a table, but a causal language model is trained on plain text; write one text per line to a .txt file",
        ),
        (Head::Seq2SeqLm, true) => wrong(
            "plain text, but an encoder-decoder is trained on pairs; write source<TAB>target lines to a .tsv file",
        ),
        (Head::SequenceClassifier | Head::Encoder, true) => wrong(
            "plain text, but a classifier is trained on labelled texts; write label<TAB>text lines to a .tsv file",
        ),
        (Head::TokenClassifier, _) => {
            let path = model.dir().join("config.json").display().to_string();
            let reason = "a token classifier, which finetune does not train; write a recipe with `init` and run crosshead train".to_owned();
            Err(RunError::DataFile { file: path, reason })
        }
    }
}

/// Whether a file is plain text and not a table.
fn is_text(path: &Path) -> Result<bool, RunError> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("tsv" | "jsonl" | "ndjson" | "json") => Ok(false),
        Some("csv") => Err(RunError::DataFile {
            file: path.display().to_string(),
            reason: "CSV is not supported; write the columns to a .tsv file, separated by tabs, or a .jsonl file"
                .to_owned(),
        }),
        Some(_) | None => {
            let text = crosshead_files::read_text(path).map_err(RunError::io(path))?;
            Ok(!text.lines().next().is_some_and(|line| line.contains('\t')))
        }
    }
}

/// The columns that `--set` names.
pub(super) fn given(sets: &[String], names: [&str; 2]) -> [Option<Column>; 2] {
    names.map(|name| {
        let key = format!("data.{name}=");
        let value = sets.iter().rev().find_map(|set| set.strip_prefix(&key))?;
        let value = value.trim().trim_matches('"');
        Some(value.parse().map_or_else(|_| Column::from(value), Column::Number))
    })
}

/// What was found, for the user.
pub(super) fn found(task: TaskKind, columns: &Columns, [first, second]: [&str; 2]) -> String {
    let Columns { first: of_first, second: of_second } = columns;
    format!("task: {task}; column {of_first} is the {first}, column {of_second} the {second}")
}

/// The names of the labels of a classifier that keeps its head.
struct LabelNames(Vec<String>);

/// The labels of the model, if it keeps its head.
fn known_labels(
    tuning: &FineTuning,
    model: &ModelFiles,
    head: Head,
) -> Result<Option<LabelNames>, RunError> {
    if head != Head::SequenceClassifier || tuning.head == HeadChoice::New {
        return Ok(None);
    }
    Ok(Some(LabelNames(SequenceClassifier::labels_of(model)?)))
}

impl LabelNames {
    /// Whether a value is a label: a name, or the number of a class.
    fn has(&self, value: &str) -> bool {
        let number = value.parse::<usize>().is_ok_and(|number| number < self.0.len());
        number || self.0.iter().any(|name| name == value)
    }

    /// The labels as they are in the data: all names, or all numbers.
    fn of_data(
        self,
        path: &Path,
        table: &Table<'_>,
        columns: &Columns,
    ) -> Result<KnownLabels, RunError> {
        let Self(names) = self;
        let numbers: Vec<String> = (0..names.len()).map(|number| number.to_string()).collect();
        let rows = table.rows([&columns.first])?;
        let are = |labels: &[String]| rows.iter().all(|row| labels.contains(&row.fields[0]));
        if are(&names) {
            return Ok(KnownLabels { in_data: names.clone(), names });
        }
        if are(&numbers) {
            return Ok(KnownLabels { in_data: numbers, names });
        }
        let unknown = rows.iter().find(|row| !names.contains(&row.fields[0]));
        let (line, label) =
            unknown.map_or((1, String::new()), |row| (row.line, row.fields[0].clone()));
        let known =
            format!("{}; --new-head trains a new head on the labels of the file", names.join(", "));
        Err(DataError::UnseenLabel { name: path.display().to_string(), line, label, known }.into())
    }
}
