#![doc = include_str!("../README.md")]

mod batches;
mod collate;
mod copies;
mod error;
mod example;
mod labels;
mod lines;
mod masking;
mod pairs;
mod random;
mod rows;
mod segments;
mod spans;
mod stream;
mod tagged;
mod text;
mod windows;

pub use batches::{Order, drawn_batches, fixed_size_batches, token_budget_batches};
pub use collate::{
    ClassBatch, ClassExample, Seq2SeqBatch, TagExample, TokenTargets, collate, collate_classes,
    collate_masked, collate_tags, collate_windows,
};
pub use copies::copy_pairs;
pub use error::DataError;
pub use example::{Example, FilteredExamples, Lengths, filter_by_length};
pub use labels::LabelSet;
pub use lines::LineReader;
pub use masking::{MaskedSequence, Masking};
pub use pairs::{Pair, parse_pairs, read_pairs};
pub use rows::{Column, Format, Row, parse_rows, read_rows};
pub use segments::{parse_segments, read_segments};
pub use spans::SpanCorruption;
pub use stream::{BatchPosition, BatchSize, BatchStream, Batching, EpochLengths};
pub use tagged::{TagColumns, TaggedSentence, TaggedWord, parse_tagged, read_tagged};
pub use text::{Passage, TextUnit, parse_text, read_text};
pub use windows::{Window, contiguous_windows, window_starts};
