//! Caller-supplied hooks for the tasks that generate text.

use crosshead_generate::{Constraint, Flow, Observer};

use crate::Required;

/// Receives the index of a text and its next piece.
type OnText<'a> = &'a mut dyn FnMut(usize, &str) -> Flow;

/// Caller-supplied hooks for the tasks that generate text: streaming, progress, stopping, constraints.
///
/// Texts are identified by their index in the input. Hooks that return a [`Flow`] can stop individual texts or all of
/// them; a stopped text is returned as it is, with
/// [`StopReason::Cancelled`](crosshead_generate::StopReason::Cancelled). Only texts in the batch that is being decoded
/// can be stopped individually.
#[derive(Default)]
pub struct TextHooks<'a> {
    pub(crate) on_text: Option<OnText<'a>>,
    pub(crate) observer: Option<&'a mut dyn Observer>,
    pub(crate) progress: Option<&'a mut dyn FnMut(usize)>,
    pub(crate) constraints: Vec<&'a dyn Constraint>,
    pub(crate) required: &'a [Vec<Required>],
    pub(crate) first_sequence: usize,
    pub(crate) sequences: Option<&'a [usize]>,
}

impl<'a> TextHooks<'a> {
    /// No hooks.
    pub fn none() -> Self {
        Self::default()
    }

    /// Calls `on_text(index, piece)` for each piece of text as soon as it is final. The concatenated pieces of a text
    /// are the whole text. Because beam search may discard tokens, it delivers each text at the end, as a single piece.
    /// Default: none.
    pub fn with_on_text(self, on_text: &'a mut dyn FnMut(usize, &str) -> Flow) -> Self {
        Self { on_text: Some(on_text), ..self }
    }

    /// Calls an observer after each decoding step, with [`StepToken::sequence`](crosshead_generate::StepToken::sequence) as
    /// the index of the text. Default: none.
    pub fn with_observer(self, observer: &'a mut dyn Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Calls `progress` with the number of finished texts after each batch. Default: none.
    pub fn with_progress(self, progress: &'a mut dyn FnMut(usize)) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Adds a constraint, which is started with the index of the text; constraints are applied in the order in which they
    /// were added. Default: none.
    pub fn with_constraint(mut self, constraint: &'a dyn Constraint) -> Self {
        self.constraints.push(constraint);
        self
    }

    /// Sets what each output must contain, by the index of the text: a list for each text, which may be empty. Outputs of texts
    /// without requirements do not change. In the others, a required text [with a source](Required::with_source) takes the place of
    /// the words that the model writes for that source, by cross-attention. Where that is not possible, with several outputs for a
    /// text, with sampling, or with other hooks that take part in decoding, beam search is constrained, with at least 8 beams unless
    /// [`DecodeOptions::beams`](crate::DecodeOptions::beams) is set. An output that ends early, at the length limit for example,
    /// may lack some. Encoder-decoders only. Default: none.
    pub fn with_required(self, required: &'a [Vec<Required>]) -> Self {
        Self { required, ..self }
    }

    /// Sets the index of the first text for sampling, which adds to
    /// [`DecodeOptions::first_sequence`](crate::DecodeOptions::first_sequence). Default: 0.
    pub fn with_first_sequence(self, first_sequence: usize) -> Self {
        Self { first_sequence, ..self }
    }

    /// Sets the index of each text for sampling, in place of its index in the input, so that a text is sampled alike whichever
    /// texts are decoded with it. Default: the index in the input.
    ///
    /// # Panics
    /// Sampling panics if there is not one for each text.
    pub fn with_sequences(self, sequences: &'a [usize]) -> Self {
        Self { sequences: Some(sequences), ..self }
    }

    /// The index of a text for sampling.
    pub(crate) fn sequence(&self, index: usize) -> usize {
        self.first_sequence + self.sequences.map_or(index, |sequences| sequences[index])
    }

    /// What the output of a text must contain.
    pub(crate) fn required_of(&self, index: usize) -> &'a [Required] {
        self.required.get(index).map_or(&[], Vec::as_slice)
    }

    /// Whether no hook takes part in decoding.
    pub(crate) fn is_passive(&self) -> bool {
        self.on_text.is_none() && self.observer.is_none() && self.constraints.is_empty()
    }

    /// Reports the number of finished texts.
    pub(crate) fn report(&mut self, finished: usize) {
        if let Some(progress) = &mut self.progress {
            progress(finished);
        }
    }
}
