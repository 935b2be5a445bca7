//! Translation with a trained model.

use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{GenerateConfig, LengthPenalty, MaxLen, beam_search, greedy};
use crosshead_kernels::Mode;
use crosshead_models::{DecoderSteps, EncoderDecoder, GenerationDefaults, TokenBatch};
use crosshead_tokenize::Tokenizer;

use crate::{Error, model_directory};

/// How translations are searched for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions {
    /// Hypotheses followed at once; 1 is greedy search.
    pub beams: usize,
    /// α of the score log p / lenᵅ; 0 compares plain probabilities.
    pub length_penalty: f32,
    /// Sentences that are decoded together. Translations do not depend on it but for the last bits of a score.
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

/// A translated sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Translation {
    /// The text.
    pub text: String,
    /// The score by which hypotheses were ranked.
    pub score: f32,
    /// Whether the source was longer than the model takes and only its beginning was translated.
    pub truncated: bool,
}

/// A translation model with its tokenizer.
#[derive(Debug)]
pub struct Translator {
    model: EncoderDecoder,
    tokenizer: Tokenizer,
    options: SearchOptions,
}

impl Translator {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory holds no model, or a file of it is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = EncoderDecoder::from_pretrained(&dir, device)?;
        let (expected, found) = (model.config().vocab_size, tokenizer.vocab_size());
        if expected != found {
            let reason = format!(
                "its tokenizer has {found} tokens, but its model has {expected}: they do not belong together"
            );
            return Err(Error::Run { dir, reason });
        }
        let options = GenerationDefaults::from_dir(&dir)?.into();
        Ok(Self::new(model, tokenizer, options))
    }

    /// A translator of parts; the model is outside autodiff.
    pub fn new(model: EncoderDecoder, tokenizer: Tokenizer, options: SearchOptions) -> Self {
        Self { model, tokenizer, options }
    }

    /// How this translator searches.
    pub fn options(&self) -> SearchOptions {
        self.options
    }

    /// The same translator with another search.
    pub fn with_options(mut self, options: SearchOptions) -> Self {
        self.options = options;
        self
    }

    /// The translation of each sentence; a blank one gives an empty one.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn translate(&self, sentences: &[impl AsRef<str>]) -> Result<Vec<String>, Error> {
        let translations = self.translate_with(sentences, |_| {})?;
        Ok(translations.into_iter().map(|translation| translation.text).collect())
    }

    /// The translation of each sentence with its score; `progress` is told how many are done.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn translate_with(
        &self,
        sentences: &[impl AsRef<str>],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Translation>, Error> {
        let mut sources = Vec::with_capacity(sentences.len());
        for sentence in sentences {
            sources.push(self.encode(sentence.as_ref())?);
        }
        let mut translations =
            vec![
                Translation { text: String::new(), score: 0.0, truncated: false };
                sentences.len()
            ];
        let is_blank = |i: &usize| sentences[*i].as_ref().trim().is_empty();
        let mut order: Vec<usize> = (0..sources.len()).filter(|i| !is_blank(i)).collect();
        // Sentences of like length are decoded together, so that little padding is computed.
        order.sort_by_key(|&i| sources[i].0.len());
        let mut done = sources.len() - order.len();
        for batch in order.chunks(self.options.batch_size.max(1)) {
            let rows: Vec<&[u32]> = batch.iter().map(|&i| sources[i].0.as_slice()).collect();
            for (&i, (ids, score)) in batch.iter().zip(self.search(&rows)?) {
                let text = self.tokenizer.decode(&ids)?;
                translations[i] = Translation { text, score, truncated: sources[i].1 };
            }
            done += batch.len();
            progress(done);
        }
        Ok(translations)
    }

    /// Source ids closed by the end token, and whether the sentence had to be cut.
    fn encode(&self, sentence: &str) -> Result<(Vec<u32>, bool), Error> {
        let config = self.model.config();
        let mut ids = self.tokenizer.encode(sentence)?;
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

/// The most tokens that a translation of `source_len` tokens may have.
fn target_limit(source_len: usize) -> usize {
    2 * source_len + 32
}
