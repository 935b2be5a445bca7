//! What can be wrong with a request for a score.

/// Why a score could not be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The corpus has no segment, so no score is defined.
    #[error("there is no segment to score: give at least one hypothesis")]
    EmptyCorpus,

    /// No reference stream was given.
    #[error("there is no reference: give at least one reference for each hypothesis")]
    NoReferences,

    /// A reference stream and the hypotheses differ in length.
    #[error(
        "reference stream {stream} has {references} segments for {hypotheses} hypotheses: \
         give one reference per hypothesis, in the same order (an empty line counts as a segment)"
    )]
    LengthMismatch {
        /// Number of the reference stream, from 1.
        stream: usize,
        /// Segments in that stream.
        references: usize,
        /// Segments in the hypotheses.
        hypotheses: usize,
    },

    /// The value of [`Smoothing::Floor`](crate::Smoothing::Floor) or
    /// [`Smoothing::AddK`](crate::Smoothing::AddK) cannot be added to a count.
    #[error("the smoothing value is {value}: it must be a finite number, zero or more")]
    SmoothingValue {
        /// The value that was given.
        value: f64,
    },

    /// chrF was asked to compare n-grams of no order at all.
    #[error("chrF has character order 0 and word order 0: set at least one of them above 0")]
    NoOrder,

    /// Not one prediction for each example.
    #[error("there are {predictions} predictions for {examples} examples: give one for each")]
    PredictionCount {
        /// The examples.
        examples: usize,
        /// The predictions.
        predictions: usize,
    },

    /// A class that does not exist.
    #[error("class {class} is none of the {n_classes} classes, which count from 0")]
    NoSuchClass {
        /// The class.
        class: u32,
        /// The number of classes.
        n_classes: usize,
    },

    /// A likelihood that the model could not compute.
    #[error("the likelihood is not a number: the model's weights are broken")]
    NotANumber,
}
