//! Documents.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::body::Bytes;

use super::Owner;
use crate::reply::ApiError;

/// The documents of all clients.
#[derive(Default)]
pub(in crate::deepl) struct Documents(Mutex<Vec<Document>>);

/// A document of a client.
pub(in crate::deepl) struct Document {
    pub(in crate::deepl) owner: Owner,
    pub(in crate::deepl) id: String,
    pub(in crate::deepl) key: String,
    pub(in crate::deepl) name: String,
    pub(in crate::deepl) uploaded: Instant,
    pub(in crate::deepl) state: DocumentState,
}

/// Whether a document is translated.
pub(in crate::deepl) enum DocumentState {
    Translating,
    Done { bytes: Bytes, characters: usize },
    Failed(String),
}

impl Documents {
    pub(in crate::deepl) fn entries(&self) -> MutexGuard<'_, Vec<Document>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::deepl) fn set(&self, id: &str, state: DocumentState) {
        if let Some(entry) = self.entries().iter_mut().find(|entry| entry.id == id) {
            entry.state = state;
        }
    }
}

impl Document {
    pub(in crate::deepl) fn is(&self, owner: Owner, id: &str, key: &str) -> bool {
        self.owner == owner && self.id == id && self.key == key
    }
}

/// The error for a document that is not there.
pub(in crate::deepl) fn unknown_document(id: &str) -> ApiError {
    ApiError::missing(format!("there is no document {id}, or its document_key is another"))
}
