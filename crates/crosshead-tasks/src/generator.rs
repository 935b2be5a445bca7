//! Texts that go on from a prompt, by a causal language model.

use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{GenerateConfig, Sampling, StepModel, greedy, sample};
use crosshead_models::{CausalLm, CausalSteps};
use crosshead_tokenize::{SpecialRole, TextStream, TokenizeError, Tokenizer};

use crate::directory::check_vocabulary;
use crate::{Error, model_directory};

/// How texts are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleOptions {
    /// The most tokens to write.
    pub max_tokens: usize,
    /// What the logits are divided by; 0 takes the most probable token always.
    pub temperature: f32,
    /// How many of the most probable tokens may be drawn; 0 for all.
    pub top_k: usize,
    /// The probability that the tokens which may be drawn must reach; 1 for all.
    pub top_p: f32,
    /// The seed of the draws.
    pub seed: u64,
    /// The number of texts drawn in earlier calls: the draws of several calls are then those of one.
    pub drawn_before: usize,
}

impl Default for SampleOptions {
    /// 100 tokens at a temperature of 0.8.
    fn default() -> Self {
        Self { max_tokens: 100, temperature: 0.8, top_k: 0, top_p: 1.0, seed: 1, drawn_before: 0 }
    }
}

/// What a model wrote behind a prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generated {
    /// The text behind the prompt.
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
}

impl Generator {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory holds no causal language model, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = CausalLm::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.config().vocab_size)?;
        Ok(Self::new(model, tokenizer))
    }

    /// A generator of parts; the model is outside autodiff.
    pub fn new(model: CausalLm, tokenizer: Tokenizer) -> Self {
        Self { model, tokenizer }
    }

    /// The model.
    pub fn model(&self) -> &CausalLm {
        &self.model
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// What the model writes behind each prompt.
    ///
    /// An empty prompt begins where texts begin: behind the begin token, or without one behind a line break. Of a prompt
    /// that is longer than the model reads at once, the end is read; and a text that grows longer is read anew from its
    /// last half each time.
    ///
    /// # Errors
    /// If an option is out of range, nothing can stand for an empty prompt, or the model computes NaN.
    pub fn generate(
        &self,
        prompts: &[impl AsRef<str>],
        options: &SampleOptions,
    ) -> Result<Vec<Generated>, Error> {
        self.generate_with(prompts, options, |_, _| {})
    }

    /// As [`generate`](Self::generate); `on_text(i, text)` is told of each piece of text `i` as soon as it is written.
    ///
    /// # Errors
    /// As [`generate`](Self::generate).
    pub fn generate_with(
        &self,
        prompts: &[impl AsRef<str>],
        options: &SampleOptions,
        mut on_text: impl FnMut(usize, &str),
    ) -> Result<Vec<Generated>, Error> {
        let mut rows = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            rows.push(self.prompt(prompt.as_ref())?);
        }
        if rows.is_empty() || options.max_tokens == 0 {
            return Ok(vec![Generated::default(); rows.len()]);
        }
        let mut texts = Vec::with_capacity(rows.len());
        for (ids, _) in &rows {
            texts.push(Text::behind(ids, &self.tokenizer)?);
        }
        let mut tell = |row: usize, id: u32| texts[row].push(id, &mut |text| on_text(row, text));
        let ids = rows.iter().map(|(ids, _)| ids.clone()).collect();
        let mut steps = Following::new(&self.model, ids, &mut tell);
        let config = self.config(options.max_tokens)?;
        let written = if options.temperature == 0.0 {
            greedy(&mut steps, rows.len(), &config)?
        } else {
            let sampling = Sampling::new(options.seed)
                .with_temperature(options.temperature)
                .with_top_k(options.top_k)
                .with_top_p(options.top_p)
                .with_first_sequence(options.drawn_before);
            sample(&mut steps, rows.len(), &config, &sampling)?
        };
        let told = steps.told;
        for (row, written) in written.iter().enumerate() {
            // The last token is never read by the model.
            written.tokens[told[row]..].iter().for_each(|&id| tell(row, id));
        }
        let mut generated = Vec::with_capacity(rows.len());
        for (row, text) in texts.into_iter().enumerate() {
            let text = text.finish(&mut |text| on_text(row, text))?;
            let (truncated, finished) = (rows[row].1, written[row].finished);
            generated.push(Generated { text, truncated, finished });
        }
        Ok(generated)
    }

    /// The ids of a prompt, and whether its beginning had to be left out.
    fn prompt(&self, prompt: &str) -> Result<(Vec<u32>, bool), Error> {
        let begin = self.model.config().bos_id;
        let text = if prompt.is_empty() && begin.is_none() { "\n" } else { prompt };
        let mut ids: Vec<u32> = begin.into_iter().chain(self.tokenizer.encode(text)?).collect();
        if ids.is_empty() {
            return Err(Error::EmptyPrompt);
        }
        let excess = ids.len().saturating_sub(self.model.config().stack.max_len);
        ids.drain(..excess);
        Ok((ids, excess > 0))
    }

    fn config(&self, max_tokens: usize) -> Result<GenerateConfig, Error> {
        let end = self.model.config().eos_id;
        let end = end.map_or_else(|| self.tokenizer.special().require(SpecialRole::Eos), Ok)?;
        Ok(GenerateConfig::new(end, end).with_max_len(max_tokens))
    }
}

/// Texts that a model goes on with, each token told as soon as it is read: where a text reaches the positions that the
/// model has, its last half is read anew.
struct Following<'a, F> {
    model: &'a CausalLm,
    steps: CausalSteps<'a>,
    /// The number of each text that still goes on, and its ids.
    texts: Vec<(usize, Vec<u32>)>,
    /// Tokens that can be read before the positions end.
    room: usize,
    /// The tokens told of each text.
    told: Vec<usize>,
    tell: F,
    begun: bool,
}

impl<'a, F: FnMut(usize, u32)> Following<'a, F> {
    fn new(model: &'a CausalLm, prompts: Vec<Vec<u32>>, tell: F) -> Self {
        let told = vec![0; prompts.len()];
        let (steps, room) = read(model, &prompts);
        let texts = prompts.into_iter().enumerate().collect();
        Self { model, steps, texts, room, told, tell, begun: false }
    }
}

impl<F: FnMut(usize, u32)> StepModel for Following<'_, F> {
    fn vocab_size(&self) -> usize {
        self.steps.vocab_size()
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        if !self.begun {
            self.begun = true;
            return self.steps.step(tokens);
        }
        for ((number, ids), &token) in self.texts.iter_mut().zip(tokens) {
            ids.push(token);
            self.told[*number] += 1;
            (self.tell)(*number, token);
        }
        match self.room.checked_sub(1) {
            Some(left) => self.room = left,
            None => {
                let half = self.model.config().stack.max_len.div_ceil(2);
                let ends: Vec<Vec<u32>> = self
                    .texts
                    .iter()
                    .map(|(_, ids)| ids[ids.len().saturating_sub(half)..].to_vec())
                    .collect();
                (self.steps, self.room) = read(self.model, &ends);
            }
        }
        self.steps.step(tokens)
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.texts = rows.iter().map(|&row| self.texts[row].clone()).collect();
        self.steps.reorder(rows);
    }
}

/// The model behind texts, and how many more tokens it has positions for.
fn read<'a>(model: &'a CausalLm, texts: &[Vec<u32>]) -> (CausalSteps<'a>, usize) {
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    let room = model.config().stack.max_len - longest;
    (CausalSteps::new(model, texts, room), room)
}

/// The text behind a prompt as it is written.
struct Text<'a> {
    stream: TextStream<'a>,
    text: String,
    error: Option<TokenizeError>,
}

impl<'a> Text<'a> {
    /// The text behind the prompt, on which the spaces of its first tokens depend.
    fn behind(prompt: &[u32], tokenizer: &'a Tokenizer) -> Result<Self, Error> {
        let mut stream = tokenizer.text_stream();
        for &id in prompt {
            stream.push(id)?;
        }
        Ok(Self { stream, text: String::new(), error: None })
    }

    fn push(&mut self, id: u32, on_text: &mut dyn FnMut(&str)) {
        match self.stream.push(id) {
            Ok(piece) => give(&piece, &mut self.text, on_text),
            Err(error) => self.error = Some(error),
        }
    }

    fn finish(self, on_text: &mut dyn FnMut(&str)) -> Result<String, Error> {
        let Self { stream, mut text, error } = self;
        if let Some(error) = error {
            return Err(error.into());
        }
        give(&stream.finish()?, &mut text, on_text);
        Ok(text)
    }
}

/// Puts a piece behind a text and tells it.
fn give(piece: &str, text: &mut String, on_text: &mut dyn FnMut(&str)) {
    if !piece.is_empty() {
        text.push_str(piece);
        on_text(piece);
    }
}
