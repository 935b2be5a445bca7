//! What all handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;

use crate::deepl::DeepL;
use crate::files::Files;
use crate::metrics::Metrics;
use crate::models::Models;
use crate::options::Options;
use crate::reply::ApiError;
use crate::security::Keys;

/// What all handlers share.
pub(crate) struct App {
    pub(crate) options: Options,
    pub(crate) models: Models,
    pub(crate) keys: Keys,
    pub(crate) metrics: Arc<Metrics>,
    /// Translated documents that wait for their download.
    pub(crate) files: Files,
    pub(crate) deepl: DeepL,
    stopping: AtomicBool,
}

/// The state of handlers.
pub(crate) type Shared = axum::extract::State<Arc<App>>;

impl App {
    pub(crate) fn new(options: Options, models: Models, metrics: Arc<Metrics>) -> Self {
        let keys = Keys::new(options.keys.clone());
        Self {
            options,
            models,
            keys,
            metrics,
            files: Files::default(),
            deepl: DeepL::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Whether the server accepts no more requests.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Checks the number of characters of a request.
    ///
    /// # Errors
    /// If there are too many.
    pub(crate) fn check_characters<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ApiError> {
        let characters: usize = texts.into_iter().map(|text| text.chars().count()).sum();
        let limit = self.options.characters;
        if characters <= limit {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the request has {characters} characters; the limit is {limit}"),
        ))
    }
}
