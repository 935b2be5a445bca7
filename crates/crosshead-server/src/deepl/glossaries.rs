//! `/v2/glossaries`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosshead_documents::{Glossary, two_letters};
use serde_json::{Value, json};

use super::{Owner, missing};
use crate::fields::Fields;
use crate::id;
use crate::models::same;
use crate::reply::ApiError;
use crate::state::Shared;
use crate::translate;

/// The most bytes of all glossaries.
const BYTES: usize = 64 << 20;

/// The most glossaries.
const COUNT: usize = 1000;

/// The glossaries of all clients, until the server stops.
#[derive(Default)]
pub(super) struct Glossaries(Mutex<Vec<Entry>>);

struct Entry {
    owner: Owner,
    id: String,
    name: String,
    source: String,
    target: String,
    created: SystemTime,
    /// The entries as they were sent.
    text: String,
    terms: Arc<Glossary>,
}

impl Entry {
    fn to_json(&self) -> Value {
        json!({
            "glossary_id": self.id,
            "ready": true,
            "name": self.name,
            "source_lang": self.source,
            "target_lang": self.target,
            "creation_time": rfc3339(self.created),
            "entry_count": self.terms.terms().len(),
        })
    }
}

impl Glossaries {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of `f` for a glossary.
    fn with<T>(&self, owner: Owner, id: &str, f: impl Fn(&Entry) -> T) -> Result<T, ApiError> {
        let entries = self.entries();
        let found = entries.iter().find(|entry| entry.owner == owner && entry.id == id);
        found.map(f).ok_or_else(|| unknown(id))
    }

    /// The terms of a glossary for these languages.
    ///
    /// # Errors
    /// If there is none with this id, or it is for other languages.
    pub(super) fn terms(
        &self,
        owner: Owner,
        id: &str,
        source: Option<&str>,
        target: &str,
    ) -> Result<Arc<Glossary>, ApiError> {
        let source = source.ok_or_else(|| ApiError::bad("a glossary needs source_lang"))?;
        let found = self.with(owner, id, |entry| {
            let fits = same(&entry.source, source) && same(&entry.target, target);
            (fits, entry.terms.clone(), format!("{} to {}", entry.source, entry.target))
        });
        match found? {
            (true, terms, _) => Ok(terms),
            (false, _, languages) => {
                Err(ApiError::bad(format!("the glossary {id} is for {languages}")))
            }
        }
    }
}

fn unknown(id: &str) -> ApiError {
    ApiError::missing(format!("there is no glossary {id}"))
}

pub(super) async fn create(
    State(app): Shared,
    owner: Owner,
    mut fields: Fields,
) -> Result<Response, ApiError> {
    let mut required = |name: &str| fields.text(name)?.ok_or_else(|| missing(name));
    let (name, source, target) =
        (required("name")?, required("source_lang")?, required("target_lang")?);
    let (text, format) = (required("entries")?, required("entries_format")?);
    if format != "tsv" {
        return Err(ApiError::bad(format!(
            "entries_format `{format}` is not supported; send tsv: a term, a tab and its translation on each line"
        )));
    }
    let pairs: Result<Vec<(&str, &str)>, ApiError> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            line.split_once('\t')
                .ok_or_else(|| ApiError::bad(format!("the entry `{line}` has no tab")))
        })
        .collect();
    let terms = translate::glossary(pairs?).map_err(|error| ApiError::bad(error.message))?;
    if terms.terms().is_empty() {
        return Err(ApiError::bad("the glossary has no entries"));
    }
    let [source, target] = [source, target].map(|code| code.to_ascii_lowercase());
    let [source, target] = [&source, &target].map(|code| two_letters(code).to_owned());
    let entry = Entry {
        owner,
        id: id::random(),
        name,
        source,
        target,
        created: SystemTime::now(),
        text,
        terms: Arc::new(terms),
    };
    let mut entries = app.deepl.glossaries.entries();
    let bytes: usize = entries.iter().map(|entry| entry.text.len()).sum();
    if entries.len() >= COUNT || bytes + entry.text.len() > BYTES {
        return Err(ApiError::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "there is no room for another glossary; delete one",
        ));
    }
    let reply = entry.to_json();
    entries.push(entry);
    Ok((StatusCode::CREATED, Json(reply)).into_response())
}

pub(super) async fn all(State(app): Shared, owner: Owner) -> Json<Value> {
    let entries = app.deepl.glossaries.entries();
    let own = entries.iter().filter(|entry| entry.owner == owner);
    Json(json!({ "glossaries": own.map(Entry::to_json).collect::<Vec<_>>() }))
}

pub(super) async fn one(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    app.deepl.glossaries.with(owner, &id, Entry::to_json).map(Json)
}

pub(super) async fn entries(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let text = app.deepl.glossaries.with(owner, &id, |entry| entry.text.clone())?;
    Ok(([(header::CONTENT_TYPE, "text/tab-separated-values; charset=utf-8")], text).into_response())
}

pub(super) async fn delete(
    State(app): Shared,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut entries = app.deepl.glossaries.entries();
    let found = entries.iter().position(|entry| entry.owner == owner && entry.id == id);
    entries.remove(found.ok_or_else(|| unknown(&id))?);
    Ok(StatusCode::NO_CONTENT)
}

/// A time as in `2026-01-31T23:59:59Z` (Hinnant, *chrono-Compatible Low-Level Date Algorithms*, `civil_from_days`).
fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_written_as_in_rfc_3339() {
        let at = |seconds| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_735_689_599), "2024-12-31T23:59:59Z");
    }
}
