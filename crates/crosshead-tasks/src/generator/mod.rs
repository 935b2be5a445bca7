//! Texts that continue a prompt or answer a chat, by a causal language model.

mod options;
mod text;
mod window;

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{DecodingConfig, Hooks, Hypothesis, Step, Strategy, decode};
use crosshead_models::{CausalLm, GenerationDefaults, NotFollowed};
use crosshead_tokenize::{ChatMessage, ChatOptions, Tokenizer};

use crate::directory::check_vocabulary;
use crate::{TaskError, model_directory};
pub use options::SampleOptions;
use options::begin_id;
use text::Text;
use window::WindowSteps;

/// What a model wrote after a prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// The text after the prompt.
    pub text: String,
    /// Whether the prompt was longer than the model reads at once and only its end was read.
    pub truncated: bool,
    /// Whether the model ended the text by itself.
    pub finished: bool,
}

/// A causal language model with its tokenizer.
#[derive(Debug)]
pub struct Generator {
    model: CausalLm,
    tokenizer: Tokenizer,
    generation: GenerationDefaults,
}

/// The ids of a prompt, and whether its beginning had to be left out.
type Prompt = (Vec<u32>, bool);

impl Generator {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory holds no causal language model, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = CausalLm::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.config().vocab_size)?;
        let generation = GenerationDefaults::from_dir(&dir)?;
        Ok(Self::new(model, tokenizer).with_generation(generation))
    }

    /// A generator from a model, which is outside autodiff, and a tokenizer.
    pub fn new(model: CausalLm, tokenizer: Tokenizer) -> Self {
        Self { model, tokenizer, generation: GenerationDefaults::default() }
    }

    /// Sets the options that hold where [`SampleOptions`] leave them open.
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

    /// The options of the model's `generation_config.json`.
    pub fn generation(&self) -> &GenerationDefaults {
        &self.generation
    }

    /// What the model's `generation_config.json` asks for and is not followed, under these options.
    pub fn not_followed(&self, options: &SampleOptions) -> Vec<NotFollowed> {
        self.generation.not_followed(options.sampling(&self.generation).is_some())
    }

    /// What the model writes after each prompt.
    ///
    /// The prompt is what the tokenizer makes of the text, with the special tokens of its template. An empty one begins
    /// where texts begin: after the begin token, or without one after a line break. Of a prompt that is longer than the
    /// model reads at once, the end is read; and a text that grows longer is read anew from its last half each time.
    ///
    /// # Errors
    /// If an option is out of range, nothing can stand for an empty prompt, or the model computes NaN.
    pub fn generate(
        &self,
        prompts: &[impl AsRef<str>],
        options: &SampleOptions,
    ) -> Result<Vec<Generated>, TaskError> {
        self.generate_with(prompts, options, |_, _| {})
    }

    /// As [`generate`](Self::generate); `on_text(i, text)` is told of each piece of text `i` as soon as it is written:
    /// under beam search, which may change its mind, at the end.
    ///
    /// # Errors
    /// As [`generate`](Self::generate).
    pub fn generate_with(
        &self,
        prompts: &[impl AsRef<str>],
        options: &SampleOptions,
        on_text: impl FnMut(usize, &str),
    ) -> Result<Vec<Generated>, TaskError> {
        let prompts: Result<Vec<Prompt>, TaskError> =
            prompts.iter().map(|prompt| self.prompt(prompt.as_ref())).collect();
        self.write(prompts?, options, on_text)
    }

    /// What the model answers to each conversation, by the tokenizer's chat template.
    ///
    /// # Errors
    /// If the tokenizer has no chat template or it refuses a conversation, an option is out of range, or the model
    /// computes NaN.
    pub fn chat(
        &self,
        conversations: &[Vec<ChatMessage>],
        options: &SampleOptions,
    ) -> Result<Vec<Generated>, TaskError> {
        self.chat_with(conversations, options, |_, _| {})
    }

    /// As [`chat`](Self::chat); `on_text` is told as by [`generate_with`](Self::generate_with).
    ///
    /// # Errors
    /// As [`chat`](Self::chat).
    pub fn chat_with(
        &self,
        conversations: &[Vec<ChatMessage>],
        options: &SampleOptions,
        on_text: impl FnMut(usize, &str),
    ) -> Result<Vec<Generated>, TaskError> {
        let prompts: Result<Vec<Prompt>, TaskError> =
            conversations.iter().map(|messages| self.chat_prompt(messages)).collect();
        self.write(prompts?, options, on_text)
    }

    fn write(
        &self,
        prompts: Vec<Prompt>,
        options: &SampleOptions,
        mut on_text: impl FnMut(usize, &str),
    ) -> Result<Vec<Generated>, TaskError> {
        if prompts.is_empty() || options.max_tokens == Some(0) {
            return Ok(vec![Generated::default(); prompts.len()]);
        }
        let (rows, truncated): (Vec<Vec<u32>>, Vec<bool>) = prompts.into_iter().unzip();
        let config = self.config(&rows, options)?;
        let mut texts = Vec::with_capacity(rows.len());
        for ids in &rows {
            texts.push(Text::after(ids, &self.tokenizer)?);
        }
        let mut tell = |row: usize, id: u32| texts[row].push(id, &mut |text| on_text(row, text));
        let mut stream = |step: &Step<'_>| {
            step.tokens.iter().for_each(|taken| tell(taken.sequence, taken.token));
            ControlFlow::Continue(())
        };
        let mut steps = WindowSteps::new(&self.model, rows);
        let hooks = Hooks::none().with_observer(&mut stream);
        let written = best(decode(&mut steps, truncated.len(), &config, hooks)?);
        if let Strategy::BeamSearch(_) = config.strategy {
            for (row, written) in written.iter().enumerate() {
                // The end token is text unless it is special.
                let ids = written.tokens.iter().copied().chain(written.end_token());
                ids.for_each(|id| tell(row, id));
            }
        }
        let mut generated = Vec::with_capacity(truncated.len());
        for (row, (text, truncated)) in texts.into_iter().zip(truncated).enumerate() {
            let text = text.finish(&mut |text| on_text(row, text))?;
            generated.push(Generated { text, truncated, finished: written[row].finished() });
        }
        Ok(generated)
    }

    /// What the model continues.
    fn prompt(&self, prompt: &str) -> Result<Prompt, TaskError> {
        let mut ids = self.tokenizer.encode_with_special(prompt)?;
        if ids.is_empty() {
            ids.extend(begin_id(&self.generation, self.model.config()));
        }
        if ids.is_empty() && prompt.is_empty() {
            ids = self.tokenizer.encode("\n")?;
        }
        self.fitted(ids)
    }

    /// What the model answers: the template writes its special tokens itself.
    fn chat_prompt(&self, messages: &[ChatMessage]) -> Result<Prompt, TaskError> {
        let options = ChatOptions { add_generation_prompt: true, ..ChatOptions::default() };
        let text = self.tokenizer.apply_chat_template(messages, &options)?;
        self.fitted(self.tokenizer.encode(&text)?)
    }

    /// The end of a prompt that the model can read at once.
    fn fitted(&self, mut ids: Vec<u32>) -> Result<Prompt, TaskError> {
        if ids.is_empty() {
            return Err(TaskError::EmptyPrompt);
        }
        let excess = ids.len().saturating_sub(self.model.config().stack.max_len);
        ids.drain(..excess);
        Ok((ids, excess > 0))
    }

    /// How the prompts are continued; a model that names no end token has the tokenizer's.
    fn config(
        &self,
        rows: &[Vec<u32>],
        options: &SampleOptions,
    ) -> Result<DecodingConfig, TaskError> {
        let defaults = options.limited(&self.generation, rows)?;
        let mut config = defaults.for_causal_lm(self.model.config(), rows);
        if let Some(sampling) = options.sampling(&self.generation) {
            config.strategy = sampling.into();
        }
        if config.eos_ids.is_empty() {
            config.eos_ids.extend(self.tokenizer.special().eos);
        }
        Ok(config)
    }
}

/// The best hypothesis of each sequence.
fn best(ranked: Vec<Vec<Hypothesis>>) -> Vec<Hypothesis> {
    ranked.into_iter().filter_map(|hypotheses| hypotheses.into_iter().next()).collect()
}
