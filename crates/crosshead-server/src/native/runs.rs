//! `/api/runs`: the curves of runs.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path as FilePath, PathBuf};

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::reply::{ApiError, Query};
use crate::state::{App, Shared};

/// The log of a run.
const LOG: &str = "log.jsonl";

#[derive(Serialize, ToSchema)]
pub(crate) struct RunReply {
    name: String,
    task: Option<String>,
    step: u64,
    /// The number of steps of the whole run.
    steps: Option<u64>,
    finished: bool,
    /// The last value of each number in the log.
    #[schema(value_type = std::collections::HashMap<String, f64>)]
    metrics: Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LogReply {
    /// The lines of the log.
    #[schema(value_type = Vec<std::collections::HashMap<String, f64>>)]
    rows: Vec<Value>,
}

/// Which lines of a log.
#[derive(Deserialize, IntoParams)]
pub(crate) struct LogQuery {
    /// Only lines after this step.
    after: Option<u64>,
}

/// List the runs.
#[utoipa::path(get, path = "/api/runs",
    responses((status = 200, body = Vec<RunReply>), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn runs(State(app): Shared) -> Result<Json<Vec<RunReply>>, ApiError> {
    let folder = folder(&app)?;
    let found = blocking(move || {
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
            if path.join(LOG).is_file() {
                found.push(run(&path)?);
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    });
    Ok(Json(found.await?))
}

/// The lines of a run's log.
#[utoipa::path(get, path = "/api/runs/{name}/log", params(("name" = String, Path), LogQuery),
    responses((status = 200, body = LogReply), (status = "4XX", body = crate::reply::ErrorBody)))]
pub(crate) async fn log(
    State(app): Shared,
    Path(name): Path<String>,
    Query(query): Query<LogQuery>,
) -> Result<Json<LogReply>, ApiError> {
    let folder = folder(&app)?;
    // A name is one folder, not a path.
    let is_plain = FilePath::new(&name).components().count() == 1 && !name.starts_with('.');
    if !is_plain || name.contains(['/', '\\']) {
        return Err(ApiError::missing(format!("there is no run `{name}`")));
    }
    let rows = blocking(move || {
        let rows = rows(&folder.join(&name).join(LOG)).map_err(|error| match error.status {
            axum::http::StatusCode::NOT_FOUND => {
                ApiError::missing(format!("there is no run `{name}`"))
            }
            _ => error,
        })?;
        let is_after = |row: &Value| {
            let step = row.get("step").and_then(Value::as_u64);
            query.after.is_none_or(|after| step.is_some_and(|step| step > after))
        };
        Ok(rows.into_iter().filter(is_after).collect())
    });
    Ok(Json(LogReply { rows: rows.await? }))
}

async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(f).await;
    done.map_err(|_| ApiError::internal("the runs cannot be read"))?
}

fn folder(app: &App) -> Result<PathBuf, ApiError> {
    let folder = app.options.runs.clone();
    folder.ok_or_else(|| ApiError::missing("start the server with --runs DIR to see runs"))
}

/// What the files of a run say.
fn run(path: &FilePath) -> Result<RunReply, ApiError> {
    let rows = rows(&path.join(LOG))?;
    let mut metrics = Map::new();
    for row in &rows {
        let numbers = row.as_object().into_iter().flatten().filter(|(_, value)| value.is_number());
        metrics.extend(numbers.map(|(key, value)| (key.clone(), value.clone())));
    }
    let step = metrics.remove("step").and_then(|step| step.as_u64()).unwrap_or(0);
    let recipe = fs::read_to_string(path.join("recipe.toml")).unwrap_or_default();
    let recipe: toml::Table = recipe.parse().unwrap_or_default();
    let steps = recipe.get("train").and_then(|train| train.get("steps"));
    let steps = steps.and_then(toml::Value::as_integer).and_then(|steps| u64::try_from(steps).ok());
    Ok(RunReply {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        task: recipe.get("task").and_then(toml::Value::as_str).map(str::to_owned),
        step,
        steps,
        // The curves are drawn at the end.
        finished: path.join("curves.svg").is_file(),
        metrics,
    })
}

/// The lines of a log. The last one may be incomplete while a run is writing.
fn rows(path: &FilePath) -> Result<Vec<Value>, ApiError> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(ApiError::missing(format!("{}: no such file", path.display())));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn unreadable(path: &FilePath, error: &std::io::Error) -> ApiError {
    ApiError::internal(format!("{}: {error}", path.display()))
}
