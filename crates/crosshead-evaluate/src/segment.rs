//! A hypothesis with its references.

/// One hypothesis and its references, at least one.
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// The hypothesis.
    pub hypothesis: &'a str,
    /// The references.
    pub references: Vec<&'a str>,
}

/// The number of references of the segments of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceCount {
    /// Each segment has this many.
    Each(usize),
    /// Some segments have more than others.
    Varies,
}
