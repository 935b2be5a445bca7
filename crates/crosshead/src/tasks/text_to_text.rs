//! Translation and summarization with a trained encoder-decoder.

use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{GenerateConfig, LengthPenalty, MaxLen, beam_search, greedy};
use crosshead_kernels::Mode;
use crosshead_models::{DecoderSteps, EncoderDecoder, GenerationDefaults, TokenBatch};
use crosshead_tokenize::Tokenizer;

use crate::directory::check_vocabulary;
use crate::{Error, model_directory};

/// How translations are searched for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions {
    /// Hypotheses followed at once; 1 is greedy search.
    pub beams: usize,
    /// α of the score log p / lenᵅ; 0 compares plain probabilities.
    pub length_penalty: f32,
    /// Texts that are decoded together. Results do not depend on it but for the last bits of a score.
    pub batch_size: usize,
}

impl SearchOptions {
    /// The same search with one beam.
    pub fn greedy(self) -> Self {
        Self { beams: 1, ..self }
    }
}

impl From<GenerationDefaults> for SearchOptions {
    fn from(defaults: GenerationDefaults) -> Self {
        Self { beams: defaults.num_beams, length_penalty: defaults.length_penalty, batch_size: 32 }
    }
}

/// What a model wrote for a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// The score by which hypotheses were ranked.
    pub score: f32,
    /// Whether the source was longer than the model takes and only its beginning was read.
    pub truncated: bool,
}

/// Translates: a [`TextToText`] model by the name of its task.
pub type Translator = TextToText;

/// Summarizes: a [`TextToText`] model by the name of its task.
pub type Summarizer = TextToText;

/// An encoder-decoder with its tokenizer: a text for each text.
#[derive(Debug)]
pub struct TextToText {
    model: EncoderDecoder,
    tokenizer: Tokenizer,
    options: SearchOptions,
}

impl TextToText {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory holds no model, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = EncoderDecoder::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.config().vocab_size)?;
        let options = GenerationDefaults::from_dir(&dir)?.into();
        Ok(Self::new(model, tokenizer, options))
    }

    /// A task of parts; the model is outside autodiff.
    pub fn new(model: EncoderDecoder, tokenizer: Tokenizer, options: SearchOptions) -> Self {
        Self { model, tokenizer, options }
    }

    /// How texts are searched for.
    pub fn options(&self) -> SearchOptions {
        self.options
    }

    /// The same with another search.
    pub fn with_options(mut self, options: SearchOptions) -> Self {
        self.options = options;
        self
    }

    /// The translation of each sentence; a blank one gives an empty one.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn translate(&self, sentences: &[impl AsRef<str>]) -> Result<Vec<String>, Error> {
        self.texts(sentences)
    }

    /// The summary of each document; a blank one gives an empty one.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn summarize(&self, documents: &[impl AsRef<str>]) -> Result<Vec<String>, Error> {
        self.texts(documents)
    }

    fn texts(&self, sources: &[impl AsRef<str>]) -> Result<Vec<String>, Error> {
        let written = self.write(sources, |_| {})?;
        Ok(written.into_iter().map(|written| written.text).collect())
    }

    /// What the model writes for each source, with its score; `progress` is told how many are done.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn write(
        &self,
        texts: &[impl AsRef<str>],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Written>, Error> {
        let mut sources = Vec::with_capacity(texts.len());
        for text in texts {
            sources.push(self.encode(text.as_ref())?);
        }
        let mut written = vec![Written::default(); texts.len()];
        let is_blank = |i: &usize| texts[*i].as_ref().trim().is_empty();
        let mut order: Vec<usize> = (0..sources.len()).filter(|i| !is_blank(i)).collect();
        // Texts of like length are decoded together, so that little padding is computed.
        order.sort_by_key(|&i| sources[i].0.len());
        let mut done = sources.len() - order.len();
        for batch in order.chunks(self.options.batch_size.max(1)) {
            let rows: Vec<&[u32]> = batch.iter().map(|&i| sources[i].0.as_slice()).collect();
            for (&i, (ids, score)) in batch.iter().zip(self.search(&rows)?) {
                let text = self.tokenizer.decode(&ids)?;
                written[i] = Written { text, score, truncated: sources[i].1 };
            }
            done += batch.len();
            progress(done);
        }
        Ok(written)
    }

    /// Source ids closed by the end token, and whether the text had to be cut.
    fn encode(&self, text: &str) -> Result<(Vec<u32>, bool), Error> {
        let config = self.model.config();
        let mut ids = self.tokenizer.encode(text)?;
        let room = config.stack.max_len - 1;
        let truncated = ids.len() > room;
        ids.truncate(room);
        ids.push(config.eos_id);
        Ok((ids, truncated))
    }

    /// The best hypothesis of each source.
    fn search(&self, sources: &[&[u32]]) -> Result<Vec<(Vec<u32>, f32)>, Error> {
        let config = self.model.config();
        let lengths: Vec<usize> = sources.iter().map(|ids| ids.len()).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let ids: Vec<u32> = sources
            .iter()
            .flat_map(|ids| {
                ids.iter().copied().chain(std::iter::repeat(config.pad_id)).take(longest)
            })
            .collect();
        let memory = self.model.encode(TokenBatch { ids: &ids, lengths: &lengths }, Mode::Eval);
        let limits: Vec<usize> =
            lengths.iter().map(|&length| target_limit(length).min(config.stack.max_len)).collect();
        let capacity = limits.iter().copied().max().unwrap_or(0);
        let mut steps = DecoderSteps::new(&self.model, memory, capacity);
        let search = GenerateConfig {
            suppressed: vec![config.pad_id],
            max_len: MaxLen::PerRow(limits),
            beams: self.options.beams,
            length_penalty: LengthPenalty::Power(self.options.length_penalty),
            ..GenerateConfig::new(config.start_id, config.eos_id)
        };
        let best = if self.options.beams == 1 {
            greedy(&mut steps, sources.len(), &search)?
        } else {
            let ranked = beam_search(&mut steps, sources.len(), &search)?;
            ranked.into_iter().filter_map(|hypotheses| hypotheses.into_iter().next()).collect()
        };
        Ok(best.into_iter().map(|hypothesis| (hypothesis.tokens, hypothesis.score)).collect())
    }
}

/// The most tokens that may be written for a source of `source_len` tokens.
fn target_limit(source_len: usize) -> usize {
    2 * source_len + 32
}
