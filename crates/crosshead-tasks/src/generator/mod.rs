//! Text generation with a causal language model.

mod rank;
mod window;

use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{
    DraftCounts, DraftModel, Drafter, GenerateError, Hooks, PromptLookup, StopReason, decode,
    decode_speculatively,
};
use crosshead_models::{CausalLm, ComputeType, GenerationDefaults, ModelFiles, NotFollowed};
use crosshead_tokenize::{ChatMessage, ChatOptions, Tokenizer};

use crate::directory::check_vocabulary;
use crate::options::{Batch, ModelKind, check_drafts};
use crate::streaming::{Found, Outputs, decode_streaming};
use crate::{Candidate, DecodeOptions, TaskError, TextHooks, model_files};
use window::WindowSteps;

/// The text generated after a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The generated text, without the prompt.
    pub text: String,
    /// Why the text ended.
    pub stop: StopReason,
    /// Whether the prompt exceeded the model's maximum length and was truncated at the start.
    pub truncated: bool,
    /// The number of tokens of the prompt, after truncation.
    pub prompt_tokens: usize,
    /// The texts that were generated after the prompt, best first, or in the order in which they were sampled: as many as
    /// [`DecodeOptions::n_best`] asks for. The first one is `text`.
    pub n_best: Vec<Candidate>,
    /// How many tokens were drafted, in speculative decoding.
    pub drafts: Option<DraftCounts>,
}

impl Generated {
    /// Whether the model ended the text with an end token.
    pub fn finished(&self) -> bool {
        self.stop.end_token().is_some()
    }
}

/// A causal language model with its tokenizer.
#[derive(Debug)]
pub struct Generator {
    model: CausalLm,
    tokenizer: Tokenizer,
    generation: GenerationDefaults,
    draft: Option<Draft>,
}

/// A draft model, and the number of tokens that it drafts.
#[derive(Debug)]
struct Draft {
    model: CausalLm,
    tokens: usize,
}

/// The ids of a prompt, and whether it was truncated.
type Prompt = (Vec<u32>, bool);

impl Generator {
    /// Loads a model directory, or the best model of a run directory, with its `generation_config.json`.
    ///
    /// # Errors
    /// If the directory contains no causal language model, or one of its files is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        Self::from_files(&model_files(dir.as_ref(), None)?, device)
    }

    /// Loads the model of these files; see [`model_files`](crate::model_files).
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if an adapter does not fit the model.
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, TaskError> {
        let dir = files.dir();
        let tokenizer = Tokenizer::from_dir(dir)?;
        let model = CausalLm::from_files(files, device)?;
        check_vocabulary(dir, &tokenizer, model.config().vocab_size)?;
        let generation = GenerationDefaults::from_dir(dir)?;
        Ok(Self::new(model, tokenizer).with_generation(generation))
    }

    /// A generator from a model outside autodiff and its tokenizer.
    pub fn new(model: CausalLm, tokenizer: Tokenizer) -> Self {
        Self { model, tokenizer, generation: GenerationDefaults::default(), draft: None }
    }

    /// Speculative decoding with a draft model: in greedy decoding, it writes up to `tokens` tokens, which the model checks in
    /// one pass; see [`decode_speculatively`]. Prompts are then continued one at a time. Default: none.
    ///
    /// # Errors
    /// If `tokens` is 0, or the draft model has another vocabulary.
    pub fn with_draft(self, draft: Self, tokens: usize) -> Result<Self, TaskError> {
        if tokens == 0 {
            return Err(TaskError::NoDrafts);
        }
        let (own, other) = (&self.tokenizer, &draft.tokenizer);
        let sizes = [own.vocab_size(), other.vocab_size()];
        let is_equal = |id| own.id_to_token(id) == other.id_to_token(id);
        if sizes[0] != sizes[1] || !(0..sizes[0] as u32).all(is_equal) {
            return Err(TaskError::DraftVocabulary { of_draft: sizes[1], tokens: sizes[0] });
        }
        Ok(Self { draft: Some(Draft { model: draft.model, tokens }), ..self })
    }

    /// Sets the compute type of the model. Default: the type stored in the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        Self { model: compute_type.apply(self.model), ..self }
    }

    /// Sets the model's decoding options, which apply where the fields of [`DecodeOptions`] are `None`. Default: none.
    pub fn with_generation(self, generation: GenerationDefaults) -> Self {
        Self { generation, ..self }
    }

    /// The model.
    pub fn model(&self) -> &CausalLm {
        &self.model
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The decoding options of the model.
    pub fn generation(&self) -> &GenerationDefaults {
        &self.generation
    }

    /// The keys of the model's `generation_config.json` that are not supported and would apply with these options.
    pub fn not_followed(&self, options: &DecodeOptions) -> Vec<NotFollowed> {
        let sampling = options.sampling(&self.generation, ModelKind::CausalLm);
        self.generation.not_followed(sampling.is_some())
    }

    /// Continues each prompt.
    ///
    /// Prompts are encoded with the special tokens of the tokenizer's template. An empty prompt is replaced by the begin
    /// token, or by a line break if the model has none. A prompt that exceeds the model's maximum length is truncated
    /// at the start. When the text grows beyond it, generation continues with the last half of the text as context.
    ///
    /// # Errors
    /// If an option is out of range, an empty prompt cannot be replaced, or the model computes NaN.
    pub fn generate(
        &self,
        prompts: &[impl AsRef<str>],
        options: &DecodeOptions,
    ) -> Result<Vec<Generated>, TaskError> {
        self.generate_with(prompts, options, TextHooks::none())
    }

    /// Like [`generate`](Self::generate), with hooks for streaming, stopping and constraints.
    ///
    /// # Errors
    /// See [`generate`](Self::generate).
    pub fn generate_with(
        &self,
        prompts: &[impl AsRef<str>],
        options: &DecodeOptions,
        hooks: TextHooks<'_>,
    ) -> Result<Vec<Generated>, TaskError> {
        let prompts: Result<Vec<Prompt>, TaskError> =
            prompts.iter().map(|prompt| self.prompt(prompt.as_ref())).collect();
        self.write(prompts?, options, hooks)
    }

    /// Answers each conversation, formatted by the tokenizer's chat template.
    ///
    /// # Errors
    /// If the tokenizer has no chat template, the template rejects a conversation, an option is out of range, or the model
    /// computes NaN.
    pub fn chat(
        &self,
        conversations: &[Vec<ChatMessage>],
        options: &DecodeOptions,
    ) -> Result<Vec<Generated>, TaskError> {
        self.chat_with(conversations, options, TextHooks::none())
    }

    /// Like [`chat`](Self::chat), with hooks for streaming, stopping and constraints.
    ///
    /// # Errors
    /// See [`chat`](Self::chat).
    pub fn chat_with(
        &self,
        conversations: &[Vec<ChatMessage>],
        options: &DecodeOptions,
        hooks: TextHooks<'_>,
    ) -> Result<Vec<Generated>, TaskError> {
        let prompts: Result<Vec<Prompt>, TaskError> =
            conversations.iter().map(|messages| self.chat_prompt(messages)).collect();
        self.write(prompts?, options, hooks)
    }

    fn write(
        &self,
        prompts: Vec<Prompt>,
        options: &DecodeOptions,
        mut hooks: TextHooks<'_>,
    ) -> Result<Vec<Generated>, TaskError> {
        if prompts.is_empty() || options.max_tokens == Some(0) {
            let empty = |(ids, truncated): Prompt| Generated {
                text: String::new(),
                stop: StopReason::MaxLength,
                truncated,
                prompt_tokens: ids.len(),
                n_best: Vec::new(),
                drafts: None,
            };
            return Ok(prompts.into_iter().map(empty).collect());
        }
        if !hooks.required.is_empty() {
            return Err(TaskError::NoRequired);
        }
        if self.draft.is_some() && options.prompt_lookup.is_some() {
            return Err(TaskError::TwoDrafts);
        }
        let Self { model, tokenizer, generation, draft } = self;
        let samples = options.samples(generation, ModelKind::CausalLm);
        let truncated: Vec<bool> = prompts.iter().map(|prompt| prompt.1).collect();
        let rows: Vec<Vec<u32>> =
            prompts.into_iter().flat_map(|(ids, _)| std::iter::repeat_n(ids, samples)).collect();
        let first = options.first_sequence.unwrap_or(0);
        let number = |row: usize| {
            let sequence = first.wrapping_add(hooks.sequence(row / samples));
            sequence.wrapping_mul(samples).wrapping_add(row % samples)
        };
        let prompt_tokens: Vec<usize> = rows.iter().step_by(samples).map(Vec::len).collect();
        let batch = Batch {
            rows: &rows,
            numbers: (0..rows.len()).map(number).collect(),
            required: vec![&[]; rows.len()],
            boundaries: &[],
        };
        let plan = options.for_causal_lm(generation, model.config(), tokenizer, batch)?;
        let indices: Vec<usize> = (0..rows.len()).map(|row| row / samples).collect();
        let outputs = Outputs { tokenizer, prompts: &rows, indices: &indices };
        if draft.is_some() {
            check_drafts("a draft model (--draft)", &plan.config)?;
        }
        let search = |hooks: Hooks<'_>| -> Result<Found, GenerateError> {
            let mut drafter: Box<dyn Drafter> = match (plan.lookup, draft) {
                (Some(tokens), _) => Box::new(PromptLookup::new(tokens)),
                (None, Some(draft)) => Box::new(draft.drafter(&rows)),
                (None, None) => {
                    let mut steps = WindowSteps::new(model, rows.clone());
                    return Ok(decode(&mut steps, rows.len(), &plan.config, hooks)?.into());
                }
            };
            let start = |row: usize| WindowSteps::new(model, vec![rows[row].clone()]);
            let (config, drafter) = (&plan.config, drafter.as_mut());
            Ok(decode_speculatively(start, rows.len(), config, drafter, hooks)?.into())
        };
        let generations = decode_streaming(search, &plan, &outputs, &mut hooks)?;
        hooks.report(truncated.len());
        let mut drafts = generations.drafts.into_iter();
        let generated = |((n_best, truncated), prompt_tokens): ((Vec<Candidate>, bool), usize)| {
            let drafts = drafts.next();
            let best = n_best.first()?;
            let (text, stop) = (best.text.clone(), best.stop);
            Some(Generated { text, stop, truncated, prompt_tokens, n_best, drafts })
        };
        let texts = generations.texts.into_iter().zip(truncated).zip(prompt_tokens);
        Ok(texts.filter_map(generated).collect())
    }

    /// The ids of a prompt.
    fn prompt(&self, prompt: &str) -> Result<Prompt, TaskError> {
        let mut ids = self.tokenizer.encode_with_special(prompt)?;
        if ids.is_empty() {
            ids.extend(self.begin_id());
        }
        if ids.is_empty() && prompt.is_empty() {
            ids = self.tokenizer.encode("\n")?;
        }
        self.fitted(ids)
    }

    /// The ids of a conversation. Its special tokens come from the template.
    fn chat_prompt(&self, messages: &[ChatMessage]) -> Result<Prompt, TaskError> {
        let options = ChatOptions { add_generation_prompt: true, ..ChatOptions::default() };
        let text = self.tokenizer.apply_chat_template(messages, &options)?;
        self.fitted(self.tokenizer.encode(&text)?)
    }

    /// The prompt, truncated at the start to the model's maximum length.
    fn fitted(&self, mut ids: Vec<u32>) -> Result<Prompt, TaskError> {
        if ids.is_empty() {
            return Err(TaskError::EmptyPrompt);
        }
        let excess = ids.len().saturating_sub(self.model.config().stack.max_len);
        ids.drain(..excess);
        Ok((ids, excess > 0))
    }

    /// The begin token, which replaces an empty prompt.
    fn begin_id(&self) -> Option<u32> {
        let config = self.model.config();
        let begin = self.generation.bos_token_id.or(config.bos_id);
        begin.filter(|&id| (id as usize) < config.vocab_size)
    }
}

impl Draft {
    /// What drafts the continuations of prompts. Of a prompt that is too long for the draft model, it sees the end.
    fn drafter<'a>(&'a self, prompts: &'a [Vec<u32>]) -> impl Drafter + 'a {
        let start = |row: usize| {
            let prompt: &Vec<u32> = &prompts[row];
            let excess = prompt.len().saturating_sub(self.model.config().stack.max_len);
            WindowSteps::new(&self.model, vec![prompt[excess..].to_vec()])
        };
        DraftModel::new(start, self.tokens)
    }
}
