//! Caller-supplied rules for when a sequence ends.

/// Decides whether a sequence ends, such as at a stop string.
///
/// A sequence that it ends keeps its last token. In beam search it is a finished hypothesis, like one with an end token.
pub trait StopRule: Sync {
    /// Whether a sequence of the batch ends with its last token. `tokens` are its prompt, or start token, and the generated
    /// tokens.
    fn stops(&self, sequence: usize, tokens: &[u32]) -> bool;
}

impl<F: Fn(usize, &[u32]) -> bool + Sync> StopRule for F {
    fn stops(&self, sequence: usize, tokens: &[u32]) -> bool {
        self(sequence, tokens)
    }
}
