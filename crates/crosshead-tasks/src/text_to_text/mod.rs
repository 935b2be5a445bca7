//! Sequence-to-sequence generation with an encoder-decoder: the basis of translation and summarization.

mod attention;
mod join;
mod next;
mod rank;
mod substitute;
mod task;
mod write;

use std::path::Path;
use std::sync::OnceLock;

use burn::tensor::Device;
use crosshead_generate::{DraftCounts, StopReason};
use crosshead_models::{
    ComputeType, EncoderDecoder, GenerationDefaults, ModelFiles, NotFollowed, Origin,
};
use crosshead_tokenize::Tokenizer;

use crate::alignment::{Alignment, AlignmentLayer};
use crate::directory::check_vocabulary;
use crate::options::{ModelKind, start_id};
use crate::{Candidate, DecodeOptions, Domain, TaskError, model_files};
pub use join::WrittenPart;
pub use next::NextWord;
pub use rank::RankedPair;
pub(crate) use task::text_to_text_task;

/// The output for one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// The generated text.
    pub text: String,
    /// The score of the hypothesis: its log-probability divided by the length penalty.
    pub score: f32,
    /// Why the text ended; `None` for a blank input, which is not decoded.
    pub stop: Option<StopReason>,
    /// Whether the input exceeded the model's maximum length and was truncated at the end.
    pub truncated: bool,
    /// Which words of the input each word of the text comes from, if that was asked for with
    /// [`with_alignment`](TextToText::with_alignment); `None` for a blank input.
    pub alignment: Option<Alignment>,
    /// The texts that were found for the input, best first: as many as
    /// [`DecodeOptions::n_best`] asks for, or fewer if the search did not find more. The first one is `text`; none for a blank input.
    pub n_best: Vec<Candidate>,
    /// How many tokens were drafted, in speculative decoding.
    pub drafts: Option<DraftCounts>,
}

/// An encoder-decoder with its tokenizer.
///
/// [`Translator`](crate::Translator) and [`Summarizer`](crate::Summarizer) wrap this engine and can be created from it.
///
/// Clones share the weights.
#[derive(Clone, Debug)]
pub struct TextToText {
    model: EncoderDecoder,
    tokenizer: Tokenizer,
    generation: GenerationDefaults,
    options: DecodeOptions,
    prefix: String,
    batch_size: usize,
    domain: Option<Domain>,
    alignment: Option<AlignmentLayer>,
    /// For each id, whether a word may end before it; computed when it is first needed.
    boundaries: OnceLock<Vec<bool>>,
}

impl TextToText {
    /// Loads a model directory, or the best model of a run directory, with its `generation_config.json` and the `prefix` of
    /// its `config.json`.
    ///
    /// # Errors
    /// If the directory contains no encoder-decoder, or one of its files is missing or malformed.
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
        let model = EncoderDecoder::from_files(files, device)?;
        check_vocabulary(dir, &tokenizer, model.config().vocab_size)?;
        let prefix = Origin::prefix_of(dir)?;
        let generation = GenerationDefaults::from_dir(dir)?;
        let task = Self::new(model, tokenizer).with_generation(generation).with_prefix(prefix);
        Ok(Self { domain: Domain::from_dir(dir)?, ..task })
    }

    /// Creates the task from a model outside autodiff and its tokenizer.
    pub fn new(model: EncoderDecoder, tokenizer: Tokenizer) -> Self {
        Self {
            model,
            tokenizer,
            generation: GenerationDefaults::default(),
            options: DecodeOptions::default(),
            prefix: String::new(),
            batch_size: 32,
            domain: None,
            alignment: None,
            boundaries: OnceLock::new(),
        }
    }

    /// Sets the model's decoding options, which apply where the fields of [`DecodeOptions`] are `None`. Default: greedy
    /// decoding.
    pub fn with_generation(self, generation: GenerationDefaults) -> Self {
        Self { generation, ..self }
    }

    /// Sets the decoding options that override the model's. Default: none.
    pub fn with_options(self, options: DecodeOptions) -> Self {
        Self { options, ..self }
    }

    /// Sets the text prepended to each input, such as T5's `translate English to German: `. Default: none.
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Sets the compute type of the model. Default: the type stored in the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        Self { model: compute_type.apply(self.model), ..self }
    }

    /// Sets the number of texts per batch, which affects only the last bits of a score. Default: 32.
    pub fn with_batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// Adds the alignment of words to the outputs, by the cross-attention of a layer. This runs the model once more over each
    /// input and its output. Default: no alignment.
    ///
    /// # Errors
    /// If the decoder does not have this layer.
    pub fn with_alignment(self, layer: AlignmentLayer) -> Result<Self, TaskError> {
        self.alignment_index(layer)?;
        Ok(Self { alignment: Some(layer), ..self })
    }

    /// Sets the languages of the inputs and outputs, using the codes in [`languages`](Self::languages): `en_XX` in
    /// mBART, `eng_Latn` in NLLB, `en` in M2M-100, `fra` in a multilingual Marian model. Default: the languages in the
    /// model's files. The source is `src_lang` of `tokenizer_config.json`, or English; the target is `tgt_lang`, or the
    /// language token that `generation_config.json` forces.
    ///
    /// # Errors
    /// If the model has no languages or does not know these, or neither the arguments nor the files name a target.
    pub fn with_languages(
        self,
        source: Option<&str>,
        target: Option<&str>,
    ) -> Result<Self, TaskError> {
        let task = Self { tokenizer: self.tokenizer.with_languages(source, target)?, ..self };
        if source.is_some() && task.target_language().is_none() {
            let known = task.languages().iter().map(ToString::to_string).collect();
            return Err(TaskError::NoTargetLanguage { known });
        }
        Ok(task)
    }

    /// The decoding options of the model.
    pub fn generation(&self) -> &GenerationDefaults {
        &self.generation
    }

    /// The decoding options that override the model's.
    pub fn options(&self) -> &DecodeOptions {
        &self.options
    }

    /// The text prepended to each input.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The keys of the model's `generation_config.json` that are not supported and would apply with the options.
    pub fn not_followed(&self) -> Vec<NotFollowed> {
        let (generation, options) = (&self.generation, &self.options);
        let asked = options.beams.is_some() || options.temperature.is_some();
        match options.sampling(generation, ModelKind::EncoderDecoder) {
            Some(_) => generation.not_followed(true),
            None if asked => generation.not_followed(false),
            None => generation.not_followed_by_search(),
        }
    }

    /// The language codes of the model; empty if it has a single direction.
    pub fn languages(&self) -> Vec<&str> {
        self.tokenizer.languages()
    }

    /// The code of the output language: the one that was set, or the one in the model's files; `None` if there is neither.
    pub fn target_language(&self) -> Option<&str> {
        let generation = &self.generation;
        let start = generation.decoder_start_token_id.unwrap_or(self.model.config().start_id);
        let mut first = generation.forced_bos_token_id.into_iter().chain([start]);
        let in_files = || first.find_map(|id| self.tokenizer.language(id));
        self.tokenizer.target_language().or_else(in_files)
    }

    /// Whether the model takes a source language. Marian models take only a target language.
    pub fn takes_source_language(&self) -> bool {
        self.tokenizer.takes_source_language()
    }

    /// What the model was trained on, if its files say so.
    pub fn domain(&self) -> Option<&Domain> {
        self.domain.as_ref()
    }

    /// Whether a text is far from what the model was trained on, according to its [`domain`](Self::domain).
    ///
    /// # Errors
    /// If the tokenizer fails on the text.
    pub fn is_far(&self, text: &str, written: &Written) -> Result<bool, TaskError> {
        let is_far = |domain: &Domain| domain.is_far(text, written.score, &self.tokenizer);
        self.domain.as_ref().map_or(Ok(false), is_far)
    }

    /// The token that starts the decoder's input.
    fn start_id(&self) -> u32 {
        start_id(&self.generation, self.model.config(), &self.tokenizer)
    }
}
