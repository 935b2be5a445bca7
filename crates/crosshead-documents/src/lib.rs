#![doc = include_str!("../README.md")]

mod document;
mod error;
mod escape;
mod format;
mod glossary;
mod place;
mod protect;
mod segment;
mod slot;
mod split;
mod translate;

pub use document::{Document, TranslateOptions, Translated};
pub use error::{DocumentError, TranslateError};
pub use format::{Fields, Format};
pub use glossary::{Glossary, GlossaryError, GlossaryReason, Inflected, Term, TermMatch};
pub use segment::Segment;
pub use split::{Sentence, Split, sentences, two_letters};
pub use translate::{Link, Translate, Translation};
