//! Errors when computing a score.

/// The reason a score could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The corpus is empty, so no score is defined.
    #[error("the corpus is empty: pass at least one segment")]
    EmptyCorpus,

    /// No reference stream was given.
    #[error("there are no references: pass at least one reference per hypothesis")]
    NoReferences,

    /// A reference stream and the hypotheses differ in length.
    #[error(
        "reference stream {stream} has {references} segments for {hypotheses} hypotheses: pass one \
         reference per hypothesis, in the same order (an empty line is a segment)"
    )]
    LengthMismatch {
        /// The number of the reference stream, from 1.
        stream: usize,
        /// The number of segments in that stream.
        references: usize,
        /// The number of hypotheses.
        hypotheses: usize,
    },

    /// All references of a segment are blank, and blank references do not count.
    #[error("segment {segment} has only blank references: give it at least one that is not blank")]
    SegmentWithoutReference {
        /// The number of the segment, from 1.
        segment: usize,
    },

    /// The value of [`Smoothing::Floor`](crate::Smoothing::Floor) or
    /// [`Smoothing::AddK`](crate::Smoothing::AddK) is negative or not finite.
    #[error("the smoothing value is {value}: it must be finite and not negative")]
    SmoothingValue {
        /// The smoothing value.
        value: f64,
    },

    /// chrF has no n-gram order to compare.
    #[error("chrF has character order 0 and word order 0: set at least one of them above 0")]
    NoOrder,

    /// The numbers of predictions and examples differ.
    #[error("there are {predictions} predictions for {examples} examples: pass one per example")]
    PredictionCount {
        /// The number of examples.
        examples: usize,
        /// The number of predictions.
        predictions: usize,
    },

    /// A class is out of range.
    #[error("class {class} is out of range: the {n_classes} classes are numbered from 0")]
    NoSuchClass {
        /// The class.
        class: u32,
        /// The number of classes.
        n_classes: usize,
    },

    /// The likelihood is NaN.
    #[error("the likelihood is NaN: the model's weights are broken")]
    NotANumber,
}
