//! The head of a model.

/// The head of a model, which determines its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Generates a target from a source: translation, summarization.
    Seq2SeqLm,
    /// Continues a text.
    CausalLm,
    /// Predicts masked tokens.
    MaskedLm,
    /// Classifies a text.
    SequenceClassifier,
    /// Classifies each token.
    TokenClassifier,
    /// No head: a vector for each token.
    Encoder,
}

impl Head {
    /// The heads of encoders; `None` comes last.
    pub(super) const OF_ENCODERS: [Self; 4] =
        [Self::MaskedLm, Self::SequenceClassifier, Self::TokenClassifier, Self::Encoder];

    /// The class in `architectures` of the family `crosshead`.
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
