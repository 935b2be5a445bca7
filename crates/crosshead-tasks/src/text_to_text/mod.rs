//! Sequence-to-sequence generation with an encoder-decoder: the basis of translation and summarization.

mod attention;
mod task;

use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{Hooks, Hypothesis, StopReason, decode};
use crosshead_kernels::{Mode, in_pool};
use crosshead_models::{
    ComputeType, DecoderSteps, EncoderDecoder, GenerationDefaults, ModelFiles, NotFollowed, Origin,
    TokenBatch,
};
use crosshead_tokenize::{Tokenizer, TruncatedEncoding, pad_batch};

use crate::alignment::{Alignment, AlignmentLayer};
use crate::directory::check_vocabulary;
use crate::streaming::{Generation, Generations, best, decode_streaming, text_ids};
use crate::text::Text;
use crate::{DecodeOptions, Domain, TaskError, TextHooks, model_files};
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

    /// The keys of the model's `generation_config.json` that are not supported, such as sampling.
    pub fn not_followed(&self) -> Vec<NotFollowed> {
        self.generation.not_followed_by_search()
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

    /// Generates a text for each input; the output for a blank input is empty.
    ///
    /// # Errors
    /// If an option is out of range or requests sampling, or the model computes NaN.
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
        // Batches of similar length need little padding.
        order.sort_by_key(|&i| sources[i].ids.len());
        let mut done = sources.len() - order.len();
        let mut stopped = false;
        for batch in order.chunks(self.batch_size.max(1)) {
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
                    let best: Vec<&Hypothesis> =
                        generations.texts.iter().map(|generation| &generation.best).collect();
                    self.align(layer, &inputs, &best)?
                }
                None => Vec::new(),
            }
            .into_iter();
            for (&i, Generation { text, best }) in batch.iter().zip(generations.texts) {
                let (stop, truncated) = (Some(best.stop), sources[i].truncated);
                let alignment = alignments.next();
                written[i] = Written { text, score: best.score, stop, truncated, alignment };
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

    /// The source ids, including special tokens.
    fn encode(&self, text: &str) -> Result<TruncatedEncoding, TaskError> {
        let text = format!("{}{text}", self.prefix);
        Ok(self.tokenizer.encode_truncated(&text, self.model.config().stack.max_len)?)
    }

    /// The generated texts of a batch of sources; `indices` are their positions in the input.
    fn write_batch(
        &self,
        sources: &[Vec<u32>],
        indices: &[usize],
        hooks: &mut TextHooks<'_>,
    ) -> Result<Generations, TaskError> {
        let config = self.model.config();
        let decoding =
            self.options.for_encoder_decoder(&self.generation, config, &self.tokenizer)?;
        if !hooks.is_passive() {
            let texts: Result<Vec<Text>, TaskError> =
                sources.iter().map(|_| Text::after(&[], &self.tokenizer)).collect();
            let mut steps = in_pool(|| self.steps(sources));
            return decode_streaming(&mut steps, &decoding, indices, texts?, hooks);
        }
        let ranked =
            in_pool(|| decode(&mut self.steps(sources), sources.len(), &decoding, Hooks::none()))?;
        let generation = |best: Hypothesis| -> Result<Generation, TaskError> {
            Ok(Generation { text: self.tokenizer.decode(&text_ids(&best))?, best })
        };
        let texts: Result<_, TaskError> = best(ranked).into_iter().map(generation).collect();
        Ok(Generations { texts: texts?, stopped: false })
    }

    /// Encodes the sources.
    fn steps(&self, sources: &[Vec<u32>]) -> DecoderSteps<'_> {
        let config = self.model.config();
        let batch = pad_batch(sources, config.pad_id);
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let memory = self.model.encode(tokens, Mode::Eval);
        DecoderSteps::new(&self.model, memory, config.stack.max_len)
    }
}
