//! Glossaries.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

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
            "creation_time": rfc3339(self.created),
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
