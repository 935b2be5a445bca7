//! Generating the texts.

use crosshead_generate::{
    GenerateError, Hooks, PromptLookup, StepModel, StopReason, decode, decode_speculatively,
};
use crosshead_kernels::{Mode, in_pool};
use crosshead_models::{DecoderSteps, TokenBatch};
use crosshead_tokenize::{TruncatedEncoding, pad_batch};

use super::{TextToText, Written};
use crate::options::{Batch, ModelKind, Plan};
use crate::streaming::{Found, Generations, Outputs, decode_passive, decode_streaming};
use crate::words::Words;
use crate::{TaskError, TextHooks};

impl TextToText {
    /// Generates a text for each input; the output for a blank input is empty.
    ///
    /// # Errors
    /// If an option is out of range, or the model computes NaN.
    pub fn write(
        &self,
        texts: &[impl AsRef<str>],
        mut hooks: TextHooks<'_>,
    ) -> Result<Vec<Written>, TaskError> {
        let mut sources = Vec::with_capacity(texts.len());
        for text in texts {
            sources.push(self.encode(text.as_ref())?);
        }
        let mut written = vec![Written::default(); texts.len()];
        let is_blank = |i: &usize| texts[*i].as_ref().trim().is_empty();
        let mut order: Vec<usize> = (0..sources.len()).filter(|i| !is_blank(i)).collect();
        // Batches of similar length need little padding. Texts with required phrases are decoded differently.
        let is_free = |i: usize| hooks.required_of(i).is_empty();
        order.sort_by_key(|&i| (!is_free(i), sources[i].ids.len()));
        let (free, constrained) = order.split_at(order.partition_point(|&i| is_free(i)));
        let size = self.batch_size.max(1);
        let mut done = sources.len() - order.len();
        let mut constrained = constrained.to_vec();
        if self.substitutes(&hooks) {
            let mut left = Vec::new();
            for i in constrained {
                let (text, source) = (texts[i].as_ref(), &sources[i]);
                match self.substituted(text, &source.ids, hooks.required_of(i))? {
                    Some(found) => {
                        written[i] = Written { truncated: source.truncated, ..found };
                        done += 1;
                        hooks.report(done);
                    }
                    None => left.push(i),
                }
            }
            constrained = left;
        }
        let mut stopped = false;
        for batch in free.chunks(size).chain(constrained.chunks(size)) {
            if stopped {
                batch.iter().for_each(|&i| written[i].stop = Some(StopReason::Cancelled));
                continue;
            }
            let rows: Vec<Vec<u32>> =
                batch.iter().map(|&i| std::mem::take(&mut sources[i].ids)).collect();
            let generations = self.write_batch(&rows, batch, &mut hooks)?;
            stopped = generations.stopped;
            let mut alignments = match self.alignment {
                Some(layer) => {
                    let inputs: Vec<&str> = batch.iter().map(|&i| texts[i].as_ref()).collect();
                    self.align(layer, &inputs, generations.best_ids())?
                }
                None => Vec::new(),
            }
            .into_iter();
            let mut drafts = generations.drafts.into_iter();
            for (&i, n_best) in batch.iter().zip(generations.texts) {
                let alignment = alignments.next();
                let Some(best) = n_best.first() else { continue };
                written[i] = Written {
                    text: best.text.clone(),
                    score: best.score,
                    stop: Some(best.stop),
                    truncated: sources[i].truncated,
                    alignment,
                    n_best,
                    drafts: drafts.next(),
                };
            }
            done += batch.len();
            hooks.report(done);
        }
        Ok(written)
    }

    /// Whether an input is short enough for the model. A longer one is truncated at the end.
    ///
    /// # Errors
    /// If the text cannot be encoded.
    pub fn fits(&self, text: &str) -> Result<bool, TaskError> {
        Ok(!self.encode(text)?.truncated)
    }

    /// The source ids, including special tokens.
    pub(super) fn encode(&self, text: &str) -> Result<TruncatedEncoding, TaskError> {
        let text = format!("{}{text}", self.prefix);
        Ok(self.tokenizer.encode_truncated(&text, self.model.config().stack.max_len)?)
    }

    /// The generated texts of a batch of sources; `indices` are their positions in the input.
    pub(super) fn write_batch(
        &self,
        sources: &[Vec<u32>],
        indices: &[usize],
        hooks: &mut TextHooks<'_>,
    ) -> Result<Generations, TaskError> {
        let samples = self.options.samples(&self.generation, ModelKind::EncoderDecoder);
        let first = self.options.first_sequence.unwrap_or(0);
        let of_text = |&index: &usize| {
            let sequence = first + hooks.sequence(index);
            (0..samples).map(move |k| sequence * samples + k)
        };
        let required = |&index: &usize| std::iter::repeat_n(hooks.required_of(index), samples);
        let required: Vec<_> = indices.iter().flat_map(required).collect();
        let sources: Vec<Vec<u32>> = sources
            .iter()
            .flat_map(|source| std::iter::repeat_n(source.clone(), samples))
            .collect();
        let batch = Batch {
            rows: &sources,
            numbers: indices.iter().flat_map(of_text).collect(),
            boundaries: match required.iter().any(|required| !required.is_empty()) {
                true => self.boundaries()?,
                false => &[],
            },
            required,
        };
        let (config, tokenizer) = (self.model.config(), &self.tokenizer);
        let plan = self.options.for_encoder_decoder(&self.generation, config, tokenizer, batch)?;
        let indices: Vec<usize> =
            indices.iter().flat_map(|&index| std::iter::repeat_n(index, samples)).collect();
        let outputs = Outputs { tokenizer, prompts: &[], indices: &indices };
        let search = |hooks: Hooks<'_>| self.search(&sources, &plan, hooks);
        if hooks.is_passive() {
            return in_pool(|| decode_passive(search, &plan, &outputs));
        }
        decode_streaming(search, &plan, &outputs, hooks)
    }

    /// Searches the texts for sources.
    pub(super) fn search(
        &self,
        sources: &[Vec<u32>],
        plan: &Plan,
        hooks: Hooks<'_>,
    ) -> Result<Found, GenerateError> {
        let (config, batch) = (&plan.config, sources.len());
        let Some(tokens) = plan.lookup else {
            let mut steps = in_pool(|| self.steps(sources, plan));
            return Ok(decode(&mut steps, batch, config, hooks)?.into());
        };
        let start = |row: usize| in_pool(|| self.steps(&sources[row..=row], plan));
        let lookup = &mut PromptLookup::new(tokens);
        Ok(decode_speculatively(start, batch, config, lookup, hooks)?.into())
    }

    /// For each id, whether a word may end before it.
    pub(super) fn boundaries(&self) -> Result<&[bool], TaskError> {
        if let Some(boundaries) = self.boundaries.get() {
            return Ok(boundaries);
        }
        let boundaries = Words::new(&self.tokenizer).boundaries()?;
        Ok(self.boundaries.get_or_init(|| boundaries))
    }

    /// Encodes the sources, and feeds all but the last token of the plan's prompts.
    pub(super) fn steps(&self, sources: &[Vec<u32>], plan: &Plan) -> DecoderSteps<'_> {
        let config = self.model.config();
        let batch = pad_batch(sources, config.pad_id);
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let memory = self.model.encode(tokens, Mode::Eval);
        let mut steps = DecoderSteps::new(&self.model, memory, config.stack.max_len);
        // All rows have the same prompt.
        let fed = plan.config.prompts.first().map_or(0, |prompt| prompt.len() - 1);
        if fed > 0 {
            let prompts = plan.config.prompts.iter().take(sources.len());
            let ids: Vec<u32> = prompts.flat_map(|prompt| &prompt[..fed]).copied().collect();
            steps.step_many(&ids, fed);
        }
        steps
    }
}
