//! What a model directory is for.

/// What a model is for: what comes after its layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Writes a target while it reads a source: translation, summarization.
    Seq2SeqLm,
    /// Goes on with a text.
    CausalLm,
    /// Fills the gaps of a text.
    MaskedLm,
    /// Gives a text a class.
    SequenceClassifier,
    /// Gives each token a class.
    TokenClassifier,
    /// Gives each token a vector.
    Encoder,
}

impl Head {
    /// The heads that an encoder may have, its own outputs last.
    pub(super) const OF_ENCODERS: [Self; 4] =
        [Self::MaskedLm, Self::SequenceClassifier, Self::TokenClassifier, Self::Encoder];

    /// Its name in `architectures` of our own models.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Seq2SeqLm => "CrossheadForConditionalGeneration",
            Self::CausalLm => "CrossheadForCausalLM",
            Self::MaskedLm => "CrossheadForMaskedLM",
            Self::SequenceClassifier => "CrossheadForSequenceClassification",
            Self::TokenClassifier => "CrossheadForTokenClassification",
            Self::Encoder => "CrossheadModel",
        }
    }
}
