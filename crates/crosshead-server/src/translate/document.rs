//! Documents and texts with markup.

use std::sync::Arc;

use crosshead_documents::{Document, Format, Link, Translate, TranslateOptions, Translation};
use crosshead_tasks::{Alignment, Written};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::sentences::{row, warning, written};
use super::{MARKUP, Request, Route, Translated};
use crate::engine::{Engine, Work, WrittenRow};
use crate::reply::ApiError;

/// A translated document.
pub(crate) struct TranslatedDocument {
    pub(crate) bytes: Vec<u8>,
    /// The characters of its texts.
    pub(crate) characters: usize,
    is_far: bool,
    summary: Written,
}

/// Translates a text with markup.
pub(super) async fn translate_markup(
    request: &Request,
    route: &Route<'_>,
    text: &str,
) -> Result<Translated, ApiError> {
    let found = translate_document(request, route, text.as_bytes().to_vec(), MARKUP).await?;
    let text = String::from_utf8(found.bytes)
        .map_err(|_| ApiError::internal("the translation is not UTF-8"))?;
    let warning = warning(route, &found.summary, found.is_far);
    let written = Written { text, ..found.summary };
    Ok(Translated { written, from: None, confidence: None, warning, is_single: false })
}

/// Translates a document.
///
/// # Errors
/// If it is not valid in its format, or the translation fails.
pub(crate) async fn translate_document(
    request: &Request,
    route: &Route<'_>,
    bytes: Vec<u8>,
    format: Format,
) -> Result<TranslatedDocument, ApiError> {
    // Markup moves with the words that it encloses.
    let work = Work::Write(request.options(route, true));
    let (engine, request) = (route.engine.clone(), request.clone());
    let options = TranslateOptions::new(route.split_language()).with_split(request.split);
    let runtime = Handle::current();
    // Dropped with this future, when the client leaves.
    let (left, _here) = oneshot::channel::<()>();
    let translate = move || {
        let document = Document::parse(bytes, &format)?;
        let characters = document.segments().map(|segment| segment.text().chars().count()).sum();
        let mut sentences = Sentences {
            engine,
            request,
            work,
            runtime,
            left,
            is_far: false,
            summary: Written::default(),
        };
        let translated = document.translate(&options, &mut sentences, &mut |_, _| {})?;
        let bytes = document.write(&translated)?;
        let Sentences { is_far, summary, .. } = sentences;
        Ok(TranslatedDocument { bytes, characters, is_far, summary })
    };
    let translated: Result<TranslatedDocument, ApiError> = tokio::task::spawn_blocking(translate)
        .await
        .map_err(|_| ApiError::internal("the document cannot be translated"))?;
    translated
}

/// A model as a translator of sentences.
struct Sentences {
    engine: Arc<Engine>,
    request: Request,
    work: Work,
    runtime: Handle,
    left: oneshot::Sender<()>,
    is_far: bool,
    /// What all sentences have in common: whether one was truncated or cut.
    summary: Written,
}

impl Translate for Sentences {
    type Error = ApiError;

    fn translate(&mut self, sentences: &[String]) -> Result<Vec<Translation>, ApiError> {
        let rows = sentences.iter().map(|sentence| row(&self.request, sentence)).collect();
        let outputs = self.engine.outputs(self.work.clone(), rows);
        let left = self.left.closed();
        let outputs = self.runtime.block_on(async {
            tokio::select! {
                outputs = outputs => outputs,
                () = left => Err(ApiError::unavailable("the client has left")),
            }
        })?;
        let translation = |WrittenRow { written, is_far }: WrittenRow| {
            self.is_far |= is_far;
            self.summary.truncated |= written.truncated;
            self.summary.stop = match written.stop {
                Some(crosshead_tasks::StopReason::Loop) => written.stop,
                _ => self.summary.stop,
            };
            let links = written.alignment.as_ref().map(links).unwrap_or_default();
            Translation::new(written.text).with_links(links)
        };
        Ok(written(outputs).into_iter().map(translation).collect())
    }

    fn fits(&self, sentence: &str) -> bool {
        self.engine.writer().is_none_or(|writer| writer.fits(sentence).unwrap_or(true))
    }
}

/// Each word of a sentence with the word that it became.
fn links(alignment: &Alignment) -> Vec<Link> {
    let link = |words: crosshead_tasks::AlignedWords| Link {
        source: alignment.source[words.source].clone(),
        target: alignment.target[words.target].clone(),
    };
    alignment.source_links().into_iter().map(link).collect()
}
