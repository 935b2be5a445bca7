//! Observing and stopping sequences while they are decoded.

use std::sync::Arc;

use crate::{StopReason, TokenLogProb};

/// Called after every step of [`decode`](crate::decode), for streaming, progress and time limits.
///
/// A closure that takes a [`&Step<'_>`](Step) and returns a [`Flow`] implements this trait.
pub trait Observer {
    /// Called once after every step; the returned [`Flow`] decides which sequences continue.
    fn on_step(&mut self, step: &Step<'_>) -> Flow;
}

impl<F: FnMut(&Step<'_>) -> Flow> Observer for F {
    fn on_step(&mut self, step: &Step<'_>) -> Flow {
        self(step)
    }
}

/// Which sequences continue after a step.
///
/// A stopped sequence is returned as it is, with [`StopReason::Cancelled`]. Sequences that have already ended keep their
/// own [`StopReason`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// All sequences continue.
    #[default]
    Continue,
    /// These sequences of the batch stop; the others continue.
    Stop(Vec<usize>),
    /// All sequences stop.
    StopAll,
}

impl Flow {
    /// Stops every sequence that `self` or `other` stops.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::StopAll, _) | (_, Self::StopAll) => Self::StopAll,
            (Self::Continue, flow) | (flow, Self::Continue) => flow,
            (Self::Stop(first), Self::Stop(second)) => Self::Stop([first, second].concat()),
        }
    }

    /// Whether this sequence stops.
    pub fn stops(&self, sequence: usize) -> bool {
        match self {
            Self::Continue => false,
            Self::Stop(sequences) => sequences.contains(&sequence),
            Self::StopAll => true,
        }
    }
}

/// One step of decoding.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Step number, from 0.
    pub number: usize,
    /// The chosen tokens, ordered by sequence: one for each sequence that was extended. Empty in beam search, which may
    /// still discard tokens.
    pub tokens: &'a [StepToken],
    /// The most probable tokens at the position of each chosen token, best first. Empty unless
    /// [`DecodingConfig::alternatives`](crate::DecodingConfig::alternatives) is set.
    pub alternatives: &'a [Arc<[TokenLogProb]>],
    /// Number of sequences of the batch that have not ended.
    pub live: usize,
}

/// The token that extended a sequence in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepToken {
    /// Index of the sequence in the batch.
    pub sequence: usize,
    /// The token, which may be an end token.
    pub token: u32,
    /// Its natural log-probability.
    pub log_prob: f32,
    /// Why the sequence ends with this token, if it does.
    pub stop: Option<StopReason>,
}
