//! Translation and summarization.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{
    Batching, Example, FilteredExamples, Lengths, Pair, collate, copy_pairs, filter_by_length,
};
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{EncoderDecoder, GenerationDefaults, Head, TokenBatch, set_config_keys};
use crosshead_tasks::{DecodeOptions, TextToText, model_files};
use crosshead_tokenize::Tokenizer;
use crosshead_train::Task;
use serde_json::{Map, Value, json};

use super::sections::{DecodeSection, LongTexts, TextToTextRecipe};
use super::{evaluate, languages, pairs, pretrained};
use crate::host::{Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, mean_loss, tested};
use crate::kept::Kept;
use crate::recipe::TrainSection;
use crate::report::{MetricValue, Report, metric};
use crate::{RunError, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct TextToTextJob {
    recipe: TextToTextRecipe,
    tokenizer: Tokenizer,
    kept: Kept,
    /// The decoding options of the pretrained model.
    search: GenerationDefaults,
    train: Vec<Example>,
    valid: Vec<Example>,
    valid_pairs: Vec<Pair>,
    test: Vec<Pair>,
}

impl Job for TextToTextJob {
    type Recipe = TextToTextRecipe;
    type Task<'a> = PairTask<'a>;
    type Model = EncoderDecoder;
    const HEAD: Head = Head::Seq2SeqLm;

    fn completed(
        recipe: &TextToTextRecipe,
        run: Option<&TextToTextRecipe>,
    ) -> Result<TextToTextRecipe, RunError> {
        pretrained::complete(recipe, run)
    }

    fn load(
        recipe: &TextToTextRecipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError> {
        let section = &recipe.data;
        let read = |name: &str| pairs::read(name, section, setup.assets);
        let (train_pairs, valid_pairs) = (read(&section.train)?, read(&section.valid)?);
        let test = section.test.as_deref().map_or(Ok(Vec::new()), read)?;
        let lines =
            train_pairs.iter().flat_map(|pair| [pair.source.as_str(), pair.target.as_str()]);
        let init = recipe.init.as_deref();
        let tokenizer = tokenizer::load(&recipe.tokenizer, init, setup, lines)?;
        let tokenizer = languages::apply(tokenizer, section)?;
        let (source_lang, target_lang) =
            (section.source_lang.as_deref(), section.target_lang.as_deref());
        let kept = match target_lang {
            Some(_) => Kept::of(init)?.with_languages(source_lang, target_lang)?,
            None => Kept::of(init)?,
        };
        let search = match init {
            Some(init) => GenerationDefaults::from_dir(model_files(Path::new(init), None)?.dir())?,
            None => GenerationDefaults::default(),
        };
        let (max_len, long) = (section.max_len, section.long.unwrap_or(LongTexts::Drop));
        let examples = |pairs: &[Pair]| match long {
            LongTexts::Drop => {
                let examples = pairs::encode(&tokenizer, section.prefix(), pairs)?;
                let FilteredExamples { kept, dropped } = filter_by_length(examples, max_len);
                Ok::<_, RunError>((kept, dropped))
            }
            LongTexts::Truncate => {
                pairs::encode_truncated(&tokenizer, section.prefix(), pairs, max_len)
            }
        };
        let copies = copy_pairs(&train_pairs, section.copies, recipe.train.seed);
        let (mut train, too_long) = examples(&train_pairs)?;
        let (valid, _) = examples(&valid_pairs)?;
        events.on_event(Event::Message(format!(
            "data: {} training pairs, {} valid, {} test; {too_long} {} (more than {max_len} tokens)",
            train.len(),
            valid_pairs.len(),
            test.len(),
            long.participle(),
        )));
        if !copies.is_empty() {
            train.extend(examples(&copies)?.0);
            events.on_event(Event::Message(format!(
                "{} copying examples added to the training pairs",
                copies.len()
            )));
        }
        events.on_event(Event::Message(format!("vocabulary: {} tokens", tokenizer.vocab_size())));
        let recipe = recipe.clone();
        Ok(Self { recipe, tokenizer, kept, search, train, valid, valid_pairs, test })
    }

    fn model(&self, device: &Device, _: &mut dyn Events) -> Result<EncoderDecoder, RunError> {
        if let Some(init) = &self.recipe.init {
            let files = model_files(Path::new(init), None)?;
            let model = EncoderDecoder::from_files(&files, device)?;
            check_length("data.max_len", self.recipe.data.max_len, model.config().stack.max_len)?;
            return Ok(model);
        }
        let config = self.recipe.model.encoder_decoder(self.tokenizer.vocab_size());
        Ok(config.init(self.recipe.train.seed, device))
    }

    fn task(&self) -> PairTask<'_> {
        let task = self.pairs(&self.train, self.recipe.train.cross_entropy());
        PairTask { r_drop: self.recipe.train.r_drop, ..task }
    }

    fn batching(&self, train: &TrainSection) -> Batching {
        train.batching(self.task().lengths())
    }

    fn validate(&self, model: &EncoderDecoder) -> Result<Vec<MetricValue>, RunError> {
        let task = self.pairs(&self.valid, CrossEntropy::default());
        let loss = mean_loss(&task, &task.lengths(), model);
        // A model that has not yet learned to end its texts would generate tokens up to the last position.
        let limit = self.recipe.data.max_len;
        let options = DecodeOptions {
            beams: Some(1),
            max_tokens: Some(self.search.max_new_tokens.map_or(limit, |most| most.min(limit))),
            ..DecodeOptions::default()
        };
        let model = TextToText::new(model.clone(), self.tokenizer.clone())
            .with_generation(self.search.clone())
            .with_options(options)
            .with_prefix(self.recipe.data.prefix());
        let report = evaluate::report(self.recipe.task, model, &self.valid_pairs, &mut |_| {})?;
        let loss = MetricValue::new(&metric::LOSS, loss);
        Ok(std::iter::once(loss).chain(report.metrics).collect())
    }

    fn save(&self, model: &EncoderDecoder, dir: &Path) -> Result<(), RunError> {
        let DecodeSection { beams, length_penalty } = self.recipe.decode;
        let usual = GenerationDefaults::default();
        let defaults = GenerationDefaults {
            num_beams: beams.unwrap_or(usual.num_beams),
            length_penalty: length_penalty.map_or(usual.length_penalty, |penalty| penalty as f32),
            ..usual
        };
        let keys = [
            ("num_beams", beams.map(|beams| json!(beams))),
            ("length_penalty", length_penalty.map(|penalty| json!(penalty))),
            ("forced_bos_token_id", self.language_id(self.tokenizer.forced_bos())),
            ("decoder_start_token_id", self.language_id(self.tokenizer.decoder_start())),
        ];
        let keys = keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        let search: Map<String, Value> = keys.collect();
        model.save_pretrained(dir, defaults, |dir| {
            self.kept.complete(dir, &self.tokenizer, &search)?;
            match self.recipe.data.prefix() {
                "" if self.recipe.init.is_none() => Ok(()),
                "" => Ok(set_config_keys(dir, &[("prefix", Value::Null)])?),
                prefix => Ok(set_config_keys(dir, &[("prefix", json!(prefix))])?),
            }
        })
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError> {
        if self.test.is_empty() {
            return Ok(None);
        }
        let model = TextToText::from_pretrained(model, device)?;
        let progress = &mut tested(events, self.test.len(), "texts");
        evaluate::report(self.recipe.task, model, &self.test, progress).map(Some)
    }

    fn evaluate(recipe: &TextToTextRecipe, evaluation: Evaluation<'_>) -> Result<Report, RunError> {
        evaluate::on_file(recipe, evaluation)
    }
}

impl TextToTextJob {
    fn pairs<'a>(&self, examples: &'a [Example], loss: CrossEntropy) -> PairTask<'a> {
        PairTask { examples, loss, r_drop: 0.0, start_id: self.tokenizer.decoder_start() }
    }

    /// A token id to save, if the recipe sets a target language.
    fn language_id(&self, id: Option<u32>) -> Option<Value> {
        self.recipe.data.target_lang.as_ref().and(id).map(|id| json!(id))
    }
}

/// The cross-entropy of targets, given their sources.
pub(crate) struct PairTask<'a> {
    examples: &'a [Example],
    loss: CrossEntropy,
    /// α of R-Drop in training; 0 for none.
    r_drop: f64,
    /// The start token of the decoder, if the language determines it.
    start_id: Option<u32>,
}

impl PairTask<'_> {
    /// The lengths of each example.
    fn lengths(&self) -> Vec<Lengths> {
        self.examples.iter().map(Example::lengths).collect()
    }
}

impl Task for PairTask<'_> {
    type Model = EncoderDecoder;

    fn loss(&self, model: &EncoderDecoder, examples: &[usize], mode: Mode) -> Tensor<1> {
        let config = model.config();
        let start_id = self.start_id.unwrap_or(config.start_id);
        let batch = collate(self.examples, examples, config.pad_id, start_id);
        let source = TokenBatch { ids: &batch.source, lengths: &batch.source_lengths };
        let input = TokenBatch { ids: &batch.decoder_input, lengths: &batch.target_lengths };
        if self.r_drop > 0.0 && mode != Mode::Eval {
            return model.r_drop_loss(source, input, &batch.target, self.loss, self.r_drop, mode);
        }
        model.loss(source, input, &batch.target, self.loss, mode)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.iter().map(|&index| self.examples[index].target.len()).sum()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        let tokens = |example: &Example| example.source.len() + example.target.len();
        examples.iter().map(|&index| tokens(&self.examples[index])).sum()
    }
}
