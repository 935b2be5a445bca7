//! Decoding with a task's hooks.

use crosshead_generate::{
    Constraint, ConstraintState, DecodingConfig, Flow, Hooks, Hypothesis, Observer, Step,
    StepModel, StepToken, Strategy, decode,
};

use crate::text::Text;
use crate::{TaskError, TextHooks};

/// A generated text.
pub(crate) struct Generation {
    /// The text.
    pub(crate) text: String,
    /// The best hypothesis, whose tokens are those of the text.
    pub(crate) best: Hypothesis,
}

/// The generated texts of a batch.
pub(crate) struct Generations {
    /// The text of each sequence.
    pub(crate) texts: Vec<Generation>,
    /// Whether a hook stopped all texts.
    pub(crate) stopped: bool,
}

/// Decodes a batch and passes its text and its steps to the hooks.
///
/// `indices` are the indices of the sequences in the task's input; `texts` are their texts, which are still empty.
pub(crate) fn decode_streaming(
    model: &mut impl StepModel,
    config: &DecodingConfig,
    indices: &[usize],
    texts: Vec<Text<'_>>,
    hooks: &mut TextHooks<'_>,
) -> Result<Generations, TaskError> {
    let constraints: Vec<Indexed<'_>> =
        hooks.constraints.iter().map(|&constraint| Indexed { constraint, indices }).collect();
    let mut streaming = Streaming { indices, texts, hooks, stopped: false };
    let mut decode_hooks = Hooks::none().with_observer(&mut streaming);
    for constraint in &constraints {
        decode_hooks = decode_hooks.with_constraint(constraint);
    }
    let best = best(decode(model, indices.len(), config, decode_hooks)?);
    if let Strategy::BeamSearch(_) = config.strategy {
        for (sequence, best) in best.iter().enumerate() {
            streaming.push_all(sequence, best);
        }
    }
    streaming.finish(best)
}

/// The best hypothesis of each sequence.
pub(crate) fn best(ranked: Vec<Vec<Hypothesis>>) -> Vec<Hypothesis> {
    ranked.into_iter().filter_map(|hypotheses| hypotheses.into_iter().next()).collect()
}

/// The ids of a hypothesis's text, including the end token, which is text unless it is special.
pub(crate) fn text_ids(best: &Hypothesis) -> Vec<u32> {
    best.tokens.iter().copied().chain(best.end_token()).collect()
}

/// An observer that decodes tokens to text for the hooks.
struct Streaming<'s, 'h, 't> {
    indices: &'s [usize],
    texts: Vec<Text<'t>>,
    hooks: &'s mut TextHooks<'h>,
    stopped: bool,
}

impl Streaming<'_, '_, '_> {
    /// Appends a token to its text.
    fn push(&mut self, sequence: usize, token: u32) -> Flow {
        let piece = self.texts[sequence].push(token);
        self.stream(sequence, &piece)
    }

    /// Appends all tokens of a hypothesis as one piece.
    fn push_all(&mut self, sequence: usize, best: &Hypothesis) {
        let pieces: String =
            text_ids(best).into_iter().map(|token| self.texts[sequence].push(token)).collect();
        self.stream(sequence, &pieces);
    }

    /// Passes a piece of text to the hook.
    fn stream(&mut self, sequence: usize, piece: &str) -> Flow {
        let flow = match &mut self.hooks.on_text {
            Some(on_text) if !piece.is_empty() => on_text(self.indices[sequence], piece),
            Some(_) | None => Flow::Continue,
        };
        self.stopped |= flow == Flow::StopAll;
        flow
    }

    /// The texts with their last pieces.
    fn finish(mut self, best: Vec<Hypothesis>) -> Result<Generations, TaskError> {
        let mut texts = Vec::with_capacity(best.len());
        for (sequence, (text, best)) in
            std::mem::take(&mut self.texts).into_iter().zip(best).enumerate()
        {
            let (text, piece) = text.finish()?;
            self.stream(sequence, &piece);
            texts.push(Generation { text, best });
        }
        Ok(Generations { texts, stopped: self.stopped })
    }
}

impl Observer for Streaming<'_, '_, '_> {
    fn on_step(&mut self, step: &Step<'_>) -> Flow {
        let mut flow = Flow::Continue;
        for chosen in step.tokens {
            flow = flow.and(self.push(chosen.sequence, chosen.token));
        }
        if let Some(observer) = &mut self.hooks.observer {
            let indexed = |chosen: &StepToken| StepToken {
                sequence: self.indices[chosen.sequence],
                ..*chosen
            };
            let tokens: Vec<StepToken> = step.tokens.iter().map(indexed).collect();
            flow = flow.and(observer.on_step(&Step { tokens: &tokens, ..*step }));
        }
        self.stopped |= flow == Flow::StopAll;
        match flow {
            Flow::Continue => Flow::Continue,
            Flow::Stop(texts) => {
                let stops = |sequence: &usize| texts.contains(&self.indices[*sequence]);
                Flow::Stop((0..self.indices.len()).filter(stops).collect())
            }
            Flow::StopAll => Flow::StopAll,
        }
    }
}

/// A constraint that is started with the index of the text instead of the index of the sequence.
struct Indexed<'a> {
    constraint: &'a dyn Constraint,
    indices: &'a [usize],
}

impl Constraint for Indexed<'_> {
    fn start(&self, sequence: usize, prompt: &[u32]) -> Box<dyn ConstraintState> {
        self.constraint.start(self.indices[sequence], prompt)
    }
}
