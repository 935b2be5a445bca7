//! The recipe of a fine-tuning run.

use std::path::Path;

use crosshead_data::Column;
use crosshead_models::ModelFiles;
use crosshead_tokenize::Tokenizer;
use toml::{Table, Value};

use super::split::{Data, Parts};
use super::task::Plan;
use super::{FineTuning, Method};
use crate::{Recipe, RunError, TaskKind};

/// Examples per batch.
const BATCH: usize = 16;

/// Tokens per batch of running text.
const BATCH_TOKENS: usize = 2000;

/// The most tokens of a text, or of a window of running text, if the model has positions for them.
const MAX_LEN: usize = 128;
const CONTEXT: usize = 256;

/// Validations per epoch of a table.
const VALIDATIONS: u64 = 2;

/// Validations without improvement after which the run ends.
const PATIENCE: i64 = 3;

/// The recipe with the defaults of the run, overridden by its `--set`.
pub(super) fn build(
    tuning: &FineTuning,
    plan: &Plan,
    model: &ModelFiles,
    parts: &Parts,
) -> Result<Recipe, RunError> {
    let positions = model.directory()?.config.stack().max_len;
    let mut data = Table::new();
    let mut train = Table::new();
    data.insert("train".to_owned(), path_value(&parts.train));
    data.insert("valid".to_owned(), path_value(&parts.valid));
    let mut set_data = |key: &str, value: Value| drop(data.insert(key.to_owned(), value));
    match &plan.data {
        Data::Table { names: [first, second], columns, .. } => {
            set_data(first, column(&columns.first));
            set_data(second, column(&columns.second));
            if matches!(plan.task, TaskKind::Translate | TaskKind::Summarize) {
                let len = if plan.task == TaskKind::Summarize { 2 * CONTEXT } else { MAX_LEN };
                set_data("max_len", Value::from(len.min(positions) as i64));
            }
            train.insert("batch_examples".to_owned(), Value::from(BATCH as i64));
            let batches = parts.n_train.div_ceil(BATCH) as u64;
            let every = batches.div_ceil(VALIDATIONS).max(1) as i64;
            train.insert("validate_every".to_owned(), Value::from(every));
            train.insert("checkpoint_every".to_owned(), Value::from(every));
        }
        Data::Text => {
            let n_valid = tokens(model, &parts.valid)?;
            let context = CONTEXT.min(positions).min(n_valid.saturating_sub(1)).max(2);
            set_data("context", Value::from(context as i64));
            let size = (BATCH_TOKENS / context).max(1);
            train.insert("batch_examples".to_owned(), Value::from(size as i64));
            train.insert("validate_every".to_owned(), Value::from("epoch"));
            train.insert("checkpoint_every".to_owned(), Value::from("epoch"));
        }
    }
    if let Some(labels) = &plan.labels {
        set_data("labels", Value::from(labels.in_data.clone()));
        set_data("names", Value::from(labels.names.clone()));
    }
    for (key, language) in
        [("source_lang", &tuning.source_lang), ("target_lang", &tuning.target_lang)]
    {
        if let Some(language) = language {
            set_data(key, Value::from(language.as_str()));
        }
    }
    let peak = if tuning.method == Method::Lora { 5e-4 } else { 5e-5 };
    for (key, value) in [
        ("epochs", Value::from(tuning.epochs as f64)),
        ("optimizer", Value::from("adamw")),
        ("schedule", Value::from("cosine")),
        ("peak", Value::from(peak)),
        ("end", Value::from(0.0)),
        ("warmup_share", Value::from(0.1)),
        ("patience", Value::from(PATIENCE)),
    ] {
        train.insert(key.to_owned(), value);
    }
    let mut recipe = Table::new();
    recipe.insert("task".to_owned(), Value::from(plan.task.name()));
    recipe.insert("init".to_owned(), path_value(&tuning.model));
    match &tuning.method {
        Method::Lora => drop(recipe.insert("lora".to_owned(), Table::new().into())),
        Method::Freeze(patterns) => {
            train.insert("freeze".to_owned(), Value::from(patterns.clone()));
        }
        Method::Full => {}
    }
    recipe.insert("data".to_owned(), data.into());
    recipe.insert("train".to_owned(), train.into());
    Recipe::parse("finetune", &recipe.to_string(), &tuning.sets)
}

/// A column as a value.
pub(super) fn column(column: &Column) -> Value {
    match column {
        Column::Number(number) => Value::from(*number as i64),
        Column::Name(name) => Value::from(name.as_str()),
    }
}

/// The number of tokens of a text.
fn tokens(model: &ModelFiles, path: &Path) -> Result<usize, RunError> {
    let text = crosshead_files::read_text(path).map_err(RunError::io(path))?;
    Ok(Tokenizer::from_dir(model.dir())?.encode_with_special(&text)?.len())
}

/// A path as a value.
pub(super) fn path_value(path: &Path) -> Value {
    Value::from(path.to_string_lossy().into_owned())
}
