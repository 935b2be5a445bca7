//! Decoding with a task's hooks.

use std::time::Instant;

use crosshead_generate::{
    Constraint, ConstraintState, DraftCounts, Flow, GenerateError, Hooks, Hypothesis, Observer,
    Step, StepToken, StopRule, Strategy,
};
use crosshead_tokenize::Tokenizer;

use crate::options::Plan;
use crate::stop_strings::StopStrings;
use crate::text::Text;
use crate::{Candidate, TaskError, TextHooks};

/// What a search finds for each row of a batch.
pub(crate) struct Found {
    /// The hypotheses of each row, best first.
    ranked: Vec<Vec<Hypothesis>>,
    /// The drafted tokens of each row; empty if none were drafted.
    drafts: Vec<DraftCounts>,
}

impl From<Vec<Vec<Hypothesis>>> for Found {
    fn from(ranked: Vec<Vec<Hypothesis>>) -> Self {
        Self { ranked, drafts: Vec::new() }
    }
}

impl From<Vec<(Hypothesis, DraftCounts)>> for Found {
    fn from(found: Vec<(Hypothesis, DraftCounts)>) -> Self {
        let (ranked, drafts) = found.into_iter().map(|(best, counts)| (vec![best], counts)).unzip();
        Self { ranked, drafts }
    }
}

/// The generated texts of a batch.
pub(crate) struct Generations {
    /// The candidates of each text, best first; at least one.
    pub(crate) texts: Vec<Vec<Candidate>>,
    /// The ids at the beginning of every text, which were not generated.
    pub(crate) prefix: Vec<u32>,
    /// Whether a hook stopped all texts.
    pub(crate) stopped: bool,
    /// The drafted tokens of each text; empty if none were drafted.
    pub(crate) drafts: Vec<DraftCounts>,
}

impl Generations {
    /// The ids of the best text for each input, with its end token.
    pub(crate) fn best_ids(&self) -> Vec<Vec<u32>> {
        let ids = |candidates: &Vec<Candidate>| {
            let generated = candidates.first().into_iter().flat_map(|best| &best.tokens);
            self.prefix.iter().copied().chain(generated.map(|token| token.id)).collect()
        };
        self.texts.iter().map(ids).collect()
    }
}

/// What the rows of a batch are decoded to.
pub(crate) struct Outputs<'a> {
    pub(crate) tokenizer: &'a Tokenizer,
    /// The prompt of each row, whose text is not part of the output; empty if there are no prompts.
    pub(crate) prompts: &'a [Vec<u32>],
    /// The index of each row in the task's input.
    pub(crate) indices: &'a [usize],
}

/// Decodes a batch without hooks, by `search`.
pub(crate) fn decode_passive(
    search: impl FnOnce(Hooks<'_>) -> Result<Found, GenerateError>,
    plan: &Plan,
    outputs: &Outputs<'_>,
) -> Result<Generations, TaskError> {
    let stop = StopStrings::new(outputs.tokenizer, &plan.stop_strings);
    let hooks = limited(Hooks::none(), plan, stop.as_ref());
    let Found { ranked, drafts } = search(hooks)?;
    Ok(Generations {
        texts: outputs.candidates(plan, ranked)?,
        prefix: plan.prefix.clone(),
        stopped: false,
        drafts,
    })
}

/// Decodes a batch by `search` and passes its text and its steps to the hooks.
pub(crate) fn decode_streaming(
    search: impl FnOnce(Hooks<'_>) -> Result<Found, GenerateError>,
    plan: &Plan,
    outputs: &Outputs<'_>,
    hooks: &mut TextHooks<'_>,
) -> Result<Generations, TaskError> {
    let indices = outputs.indices;
    let constraints: Vec<Indexed<'_>> =
        hooks.constraints.iter().map(|&constraint| Indexed { constraint, indices }).collect();
    let texts: Result<Vec<Text<'_>>, TaskError> =
        (0..indices.len()).map(|row| outputs.text(row)).collect();
    let stop = StopStrings::new(outputs.tokenizer, &plan.stop_strings);
    let mut texts = texts?;
    let begin = |text: &mut Text<'_>| plan.prefix.iter().map(|&id| text.push(id)).collect();
    let begun = texts.iter_mut().map(begin).collect();
    let samples = plan.samples;
    let mut streaming = Streaming { indices, samples, texts, begun, hooks, stopped: false };
    let mut decode_hooks = limited(Hooks::none(), plan, stop.as_ref());
    decode_hooks = decode_hooks.with_observer(&mut streaming);
    for constraint in &constraints {
        decode_hooks = decode_hooks.with_constraint(constraint);
    }
    let Found { ranked, drafts } = search(decode_hooks)?;
    if let Strategy::BeamSearch(_) = plan.config.strategy {
        for (row, ranked) in ranked.iter().enumerate() {
            if let Some(best) = ranked.first() {
                streaming.push_all(row, best);
            }
        }
    }
    let stopped = streaming.finish()?;
    Ok(Generations {
        texts: outputs.candidates(plan, ranked)?,
        prefix: plan.prefix.clone(),
        stopped,
        drafts,
    })
}

/// Hooks with the limits of a plan.
fn limited<'a>(hooks: Hooks<'a>, plan: &Plan, stop: Option<&'a StopStrings<'a>>) -> Hooks<'a> {
    let hooks = match stop {
        Some(rule) => hooks.with_stop_rule(rule as &dyn StopRule),
        None => hooks,
    };
    match plan.time_limit.and_then(|limit| Instant::now().checked_add(limit)) {
        Some(deadline) => hooks.with_deadline(deadline),
        None => hooks,
    }
}

/// The ids of a hypothesis's text, including the end token, which is text unless it is special.
fn text_ids(hypothesis: &Hypothesis) -> impl Iterator<Item = u32> {
    hypothesis.tokens.iter().copied().chain(hypothesis.end_token())
}

impl<'a> Outputs<'a> {
    /// The text of a row, which is still empty.
    fn text(&self, row: usize) -> Result<Text<'a>, TaskError> {
        Text::after(self.prompts.get(row).map_or(&[], Vec::as_slice), self.tokenizer)
    }

    /// The text of the ids of a row.
    fn decoded(&self, row: usize, ids: &[u32]) -> Result<String, TaskError> {
        if self.prompts.is_empty() {
            return Ok(self.tokenizer.decode(ids)?);
        }
        let mut text = self.text(row)?;
        ids.iter().for_each(|&id| drop(text.push(id)));
        Ok(text.finish()?.0)
    }

    /// The candidates of each text, from those of each row.
    fn candidates(
        &self,
        plan: &Plan,
        found: Vec<Vec<Hypothesis>>,
    ) -> Result<Vec<Vec<Candidate>>, TaskError> {
        let mut rows = Vec::with_capacity(found.len());
        for (row, ranked) in found.iter().enumerate() {
            for hypothesis in ranked {
                let ids: Vec<u32> =
                    plan.prefix.iter().copied().chain(text_ids(hypothesis)).collect();
                let text = self.decoded(row, &ids)?;
                rows.push((row / plan.samples, Candidate::new(text, hypothesis, self.tokenizer)));
            }
        }
        let mut texts = vec![Vec::new(); found.len() / plan.samples];
        for (text, candidate) in rows {
            texts[text].push(candidate);
        }
        Ok(texts)
    }
}

/// An observer that decodes tokens to text for the hooks.
struct Streaming<'s, 'h, 't> {
    indices: &'s [usize],
    /// The number of rows for each text, of which the first one is streamed.
    samples: usize,
    texts: Vec<Text<'t>>,
    /// The text of the prefix, until it is streamed with the first token.
    begun: Vec<String>,
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
        let pieces: String = text_ids(best).map(|token| self.texts[sequence].push(token)).collect();
        self.stream(sequence, &pieces);
    }

    /// Passes a piece of text to the hook.
    fn stream(&mut self, sequence: usize, piece: &str) -> Flow {
        let piece = std::mem::take(&mut self.begun[sequence]) + piece;
        let flow = match &mut self.hooks.on_text {
            Some(on_text) if !piece.is_empty() && sequence.is_multiple_of(self.samples) => {
                on_text(self.indices[sequence], &piece)
            }
            Some(_) | None => Flow::Continue,
        };
        self.stopped |= flow == Flow::StopAll;
        flow
    }

    /// Streams the last pieces. Returns whether a hook stopped all texts.
    fn finish(mut self) -> Result<bool, TaskError> {
        for (sequence, text) in std::mem::take(&mut self.texts).into_iter().enumerate() {
            let (_, piece) = text.finish()?;
            self.stream(sequence, &piece);
        }
        Ok(self.stopped)
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
