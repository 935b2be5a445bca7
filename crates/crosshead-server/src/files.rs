//! Translated documents that wait for their download: in memory, bounded, for a limited time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;

/// The time after which a document is dropped.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// The most bytes of all documents.
const BYTES: usize = 256 << 20;

/// A translated document.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// Documents by their secret ids, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Files(Mutex<VecDeque<(String, Instant, File)>>);

impl Files {
    /// Keeps a document. The oldest ones are dropped if there is no room.
    pub(crate) fn keep(&self, id: String, file: File) {
        let now = Instant::now();
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.push_back((id, now, file));
        let mut bytes: usize = files.iter().map(|(.., file)| file.bytes.len()).sum();
        while files.len() > 1 && (bytes > BYTES || now.saturating_duration_since(files[0].1) > KEPT)
        {
            bytes -= files.pop_front().map_or(0, |(.., file)| file.bytes.len());
        }
    }

    /// The document with this id, if it is still there.
    pub(crate) fn find(&self, id: &str) -> Option<File> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = files.iter().find(|(own, ..)| own == id)?;
        (found.1.elapsed() <= KEPT).then(|| found.2.clone())
    }
}

/// A name as the part of a path: without folders and control characters.
pub(crate) fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control() && *c != '"').collect();
    if plain.trim_matches('.').is_empty() { "document".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_found_by_their_id() {
        let files = Files::default();
        let file = File { name: "a.txt".into(), bytes: Bytes::from_static(b"text") };
        files.keep("id".into(), file);
        assert_eq!(files.find("id").unwrap().bytes, "text");
        assert!(files.find("other").is_none());
    }

    #[test]
    fn names_have_no_folders() {
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(plain_name("C:\\x\\a \"b\".docx"), "a b.docx");
        assert_eq!(plain_name(".."), "document");
    }
}
