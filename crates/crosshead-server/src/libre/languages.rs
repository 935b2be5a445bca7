//! `/languages` and `/frontend/settings`.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use crosshead_documents::two_letters;
use crosshead_tasks::ModelTask;
use serde_json::{Value, json};
use whatlang::Lang;

use crate::state::{App, Shared};

/// The extensions of documents that are translated.
const EXTENSIONS: [&str; 7] = [".txt", ".md", ".html", ".srt", ".vtt", ".po", ".docx"];

/// The targets of each source language.
pub(crate) fn directions(app: &App) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for model in app.models.with_task(ModelTask::Translation) {
        let directions = &model.facts.directions;
        for from in directions.from() {
            let others: Vec<String> =
                directions.to().into_iter().filter(|to| *to != from).collect();
            all.entry(from).or_default().extend(others);
        }
    }
    all
}

/// The English name of a language; the code if it has none here.
pub(crate) fn name(code: &str) -> String {
    let is_code = |lang: &&Lang| two_letters(lang.code()) == code;
    Lang::all().iter().find(is_code).map_or(code, |lang| lang.eng_name()).to_owned()
}

pub(super) async fn languages(State(app): Shared) -> Json<Value> {
    let directions = directions(&app);
    let sources: BTreeSet<&String> =
        directions.keys().chain(directions.values().flatten()).collect();
    let language = |code: &&String| {
        let targets = directions.get(*code).cloned().unwrap_or_default();
        json!({ "code": code, "name": name(code), "targets": targets })
    };
    Json(sources.iter().map(language).collect())
}

pub(super) async fn settings(State(app): Shared) -> Json<Value> {
    let directions = directions(&app);
    let first = directions.iter().next();
    let language = |code: Option<&String>| {
        code.map(|code| json!({ "code": code, "name": name(code) })).unwrap_or_default()
    };
    let target = first.and_then(|(_, targets)| targets.iter().next());
    Json(json!({
        "apiKeys": app.keys.are_required(),
        "charLimit": app.options.characters,
        "filesTranslation": true,
        "frontendTimeout": 500,
        "keyRequired": app.keys.are_required(),
        "language": { "source": language(first.map(|(code, _)| code)), "target": language(target) },
        "suggestions": false,
        "supportedFilesFormat": EXTENSIONS,
    }))
}
