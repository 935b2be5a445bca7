//! A text for each text by a trained encoder-decoder: the engine of translation and summarization.

use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{DecodingConfig, Hooks, Hypothesis, decode};
use crosshead_kernels::{Mode, in_pool};
use crosshead_models::{
    DecoderSteps, EncoderDecoder, GenerationDefaults, NotFollowed, Origin, TokenBatch,
};
use crosshead_tokenize::{Tokenizer, TruncatedEncoding};

use crate::directory::check_vocabulary;
use crate::{TaskError, model_directory};

/// How texts are decoded, and what the model reads before each.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchOptions {
    /// The search: by default that of the model's `generation_config.json`. Tokens are never sampled.
    pub search: GenerationDefaults,
    /// What the model reads before each text, such as the task (T5's
    /// `translate English to German: `). By default the `prefix` of the model's `config.json`.
    pub prefix: String,
    /// Texts that are decoded together. Results do not depend on it but for the last bits of a score.
    pub batch_size: usize,
}

impl From<GenerationDefaults> for SearchOptions {
    fn from(search: GenerationDefaults) -> Self {
        Self { search, prefix: String::new(), batch_size: 32 }
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

/// An encoder-decoder with its tokenizer: a text for each text.
///
/// [`Translator`](crate::Translator) and [`Summarizer`](crate::Summarizer) are this engine by the names of their tasks; both can be
/// made from it.
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
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        let dir = model_directory(dir.as_ref())?;
        let tokenizer = Tokenizer::from_dir(&dir)?;
        let model = EncoderDecoder::from_pretrained(&dir, device)?;
        check_vocabulary(&dir, &tokenizer, model.config().vocab_size)?;
        let prefix = Origin::open(&dir)?.prefix().unwrap_or_default().to_owned();
        let options = SearchOptions { prefix, ..GenerationDefaults::from_dir(&dir)?.into() };
        Ok(Self::new(model, tokenizer, options))
    }

    /// From a model, which is outside autodiff, and its tokenizer.
    pub fn new(model: EncoderDecoder, tokenizer: Tokenizer, options: SearchOptions) -> Self {
        Self { model, tokenizer, options }
    }

    /// How texts are decoded.
    pub fn options(&self) -> &SearchOptions {
        &self.options
    }

    /// What the model's `generation_config.json` asks for and is not followed, such as sampling.
    pub fn not_followed(&self) -> Vec<NotFollowed> {
        self.options.search.not_followed_by_search()
    }

    /// Sets how texts are decoded.
    pub fn with_options(mut self, options: SearchOptions) -> Self {
        self.options = options;
        self
    }

    /// The codes of the languages that the model can be told; empty where it knows one direction.
    pub fn languages(&self) -> Vec<&str> {
        self.tokenizer.languages()
    }

    /// The same for texts in `source` and translations into `target`, by the codes in [`languages`](Self::languages): `en_XX` in
    /// mBART, `eng_Latn` in NLLB, `en` in M2M-100, `fra` in a Marian model that writes several languages. What is `None` is as
    /// the model's files say: the source `src_lang` of `tokenizer_config.json`, or else English; the target `tgt_lang` there,
    /// or else the language with which `generation_config.json` begins every text.
    ///
    /// # Errors
    /// If the model has no languages, or not these, or nothing names the target.
    pub fn with_languages(
        self,
        source: Option<&str>,
        target: Option<&str>,
    ) -> Result<Self, TaskError> {
        let told = Self { tokenizer: self.tokenizer.with_languages(source, target)?, ..self };
        if source.is_some() && told.target_language().is_none() {
            let known = told.languages().iter().map(ToString::to_string).collect();
            return Err(TaskError::NoTargetLanguage { known });
        }
        Ok(told)
    }

    /// The code of the language that the model writes: the one chosen, or the one that the model's files name; none where
    /// they leave it open.
    pub fn target_language(&self) -> Option<&str> {
        let search = &self.options.search;
        let start = search.decoder_start_token_id.unwrap_or(self.model.config().start_id);
        let mut first = search.forced_bos_token_id.into_iter().chain([start]);
        let of_search = || first.find_map(|id| self.tokenizer.language(id));
        self.tokenizer.target_language().or_else(of_search)
    }

    /// Whether the model is told the language that it reads. A Marian model is told only the one that it writes.
    pub fn takes_source_language(&self) -> bool {
        self.tokenizer.takes_source_language()
    }

    /// What the model writes for each text, with its score; a blank text gives an empty one. `progress` is called with the number
    /// of texts that are done.
    ///
    /// # Errors
    /// If the model computes NaN.
    pub fn write(
        &self,
        texts: &[impl AsRef<str>],
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<Written>, TaskError> {
        let mut sources = Vec::with_capacity(texts.len());
        for text in texts {
            sources.push(self.encode(text.as_ref())?);
        }
        let mut written = vec![Written::default(); texts.len()];
        let is_blank = |i: &usize| texts[*i].as_ref().trim().is_empty();
        let mut order: Vec<usize> = (0..sources.len()).filter(|i| !is_blank(i)).collect();
        // Texts of like length are decoded together, so that little padding is computed.
        order.sort_by_key(|&i| sources[i].ids.len());
        let mut done = sources.len() - order.len();
        for batch in order.chunks(self.options.batch_size.max(1)) {
            let rows: Vec<&[u32]> = batch.iter().map(|&i| sources[i].ids.as_slice()).collect();
            for (&i, (ids, score)) in batch.iter().zip(in_pool(|| self.search(&rows))?) {
                let text = self.tokenizer.decode(&ids)?;
                written[i] = Written { text, score, truncated: sources[i].truncated };
            }
            done += batch.len();
            progress(done);
        }
        Ok(written)
    }

    /// The source ids, including special tokens.
    fn encode(&self, text: &str) -> Result<TruncatedEncoding, TaskError> {
        let text = format!("{}{text}", self.options.prefix);
        Ok(self.tokenizer.encode_truncated(&text, self.model.config().stack.max_len)?)
    }

    /// The best hypothesis of each source.
    fn search(&self, sources: &[&[u32]]) -> Result<Vec<(Vec<u32>, f32)>, TaskError> {
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
        let mut steps = DecoderSteps::new(&self.model, memory, config.stack.max_len);
        let asked = self.options.search.for_encoder_decoder(config);
        // A target language that was chosen goes before the one of the model's files.
        let is_replaced = |id: &u32| {
            self.tokenizer.decoder_start().is_some() && self.tokenizer.language(*id).is_some()
        };
        let asked_first = asked.forced_bos.filter(|id| !is_replaced(id));
        let decoding = DecodingConfig {
            start_id: self.tokenizer.decoder_start().unwrap_or(asked.start_id),
            forced_bos: self.tokenizer.forced_bos().or(asked_first),
            ..asked
        };
        let ranked = decode(&mut steps, sources.len(), &decoding, Hooks::none())?;
        let best = ranked.into_iter().filter_map(|hypotheses| hypotheses.into_iter().next());
        // The end token is text unless it is special.
        let ids = |best: &Hypothesis| best.tokens.iter().copied().chain(best.end_token()).collect();
        Ok(best.map(|best| (ids(&best), best.score)).collect())
    }
}
