//! What this API keeps in memory until the server stops.

mod documents;
mod glossaries;
mod owner;

use std::sync::atomic::{AtomicU64, Ordering};

pub(super) use documents::{Document, DocumentState, Documents, unknown_document};
pub(super) use glossaries::{Entry, Glossaries, unknown_glossary};
pub(super) use owner::Owner;

/// What this API keeps in memory.
#[derive(Default)]
pub(crate) struct DeepL {
    pub(super) glossaries: Glossaries,
    pub(super) documents: Documents,
    /// The characters that were translated since the start.
    characters: AtomicU64,
}

impl DeepL {
    pub(super) fn count(&self, characters: usize) {
        self.characters.fetch_add(characters as u64, Ordering::Relaxed);
    }

    pub(super) fn characters(&self) -> u64 {
        self.characters.load(Ordering::Relaxed)
    }
}
