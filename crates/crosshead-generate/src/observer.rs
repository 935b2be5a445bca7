//! What a caller is told while sequences are decoded.

use std::ops::ControlFlow;

use crate::StopReason;

/// Is told of every step of [`decode`](crate::decode) and may cancel it: for streaming, progress and time limits.
///
/// A closure that takes a [`&Step<'_>`](Step) is one.
pub trait Observer {
    /// Is called once after every step. With [`ControlFlow::Break`] decoding ends: sequences that have not ended are
    /// returned as they are, with [`StopReason::Cancelled`].
    fn on_tokens(&mut self, step: &Step<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(&Step<'_>) -> ControlFlow<()>> Observer for F {
    fn on_tokens(&mut self, step: &Step<'_>) -> ControlFlow<()> {
        self(step)
    }
}

/// One step of decoding.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Number of the step, from 0.
    pub number: usize,
    /// The tokens that were chosen, in the order of sequences: one for each sequence that had not ended and could go on.
    /// None under beam search, which may still replace them.
    pub tokens: &'a [StepToken],
    /// How many sequences of the batch have not ended.
    pub live: usize,
}

/// The token that a sequence took in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepToken {
    /// Number of the sequence in the batch.
    pub sequence: usize,
    /// The token; an end token too.
    pub token: u32,
    /// Why the sequence ends with this token, if it does.
    pub stop: Option<StopReason>,
}
