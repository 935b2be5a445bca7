//! Glossaries.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use crosshead_documents::Glossary;
use serde_json::{Value, json};

use super::Owner;
use crate::models::same;
use crate::reply::ApiError;

/// The glossaries of all clients, until the server stops.
#[derive(Default)]
pub(in crate::deepl) struct Glossaries(Mutex<Vec<Entry>>);

pub(in crate::deepl) struct Entry {
    pub(in crate::deepl) owner: Owner,
    pub(in crate::deepl) id: String,
    pub(in crate::deepl) name: String,
    pub(in crate::deepl) source: String,
    pub(in crate::deepl) target: String,
    pub(in crate::deepl) created: SystemTime,
    /// The entries as they were sent.
    pub(in crate::deepl) text: String,
    pub(in crate::deepl) terms: Arc<Glossary>,
}

impl Entry {
    pub(in crate::deepl) fn to_json(&self) -> Value {
        json!({
            "glossary_id": self.id,
            "ready": true,
            "name": self.name,
            "source_lang": self.source,
            "target_lang": self.target,
            // The official client expects a fraction of a second.
            "creation_time": DateTime::<Utc>::from(self.created).to_rfc3339_opts(SecondsFormat::Micros, true),
            "entry_count": self.terms.terms().len(),
        })
    }
}

impl Glossaries {
    pub(in crate::deepl) fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of `f` for a glossary.
    pub(in crate::deepl) fn with<T>(
        &self,
        owner: Owner,
        id: &str,
        f: impl Fn(&Entry) -> T,
    ) -> Result<T, ApiError> {
        let entries = self.entries();
        let found = entries.iter().find(|entry| entry.owner == owner && entry.id == id);
        found.map(f).ok_or_else(|| unknown_glossary(id))
    }

    /// The terms of a glossary for these languages.
    ///
    /// # Errors
    /// If there is none with this id, or it is for other languages.
    pub(in crate::deepl) fn terms(
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

/// The error for a glossary that is not there.
pub(in crate::deepl) fn unknown_glossary(id: &str) -> ApiError {
    ApiError::missing(format!("there is no glossary {id}"))
}
