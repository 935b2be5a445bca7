//! Translation and summarization.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use crosshead_data::{
    BatchSize, Batching, Example, FilteredExamples, Lengths, Pair, copy_pairs, filter_by_length,
};
use crosshead_kernels::CrossEntropy;
use crosshead_models::{EncoderDecoder, GenerationDefaults, Head, set_config_keys};
use crosshead_tasks::{DecodeOptions, TextToText, model_files};
use crosshead_tokenize::Tokenizer;
use serde_json::{Map, Value, json};

use super::distill::Frozen;
use super::sections::{DecodeSection, LongTexts, TextToTextRecipe};
use super::segmentations::Segmentations;
use super::task::{Examples, PairTask};
use super::{evaluate, languages, pairs, pretrained};
use crate::host::{Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, mean_loss, tested, validating};
use crate::kept::Kept;
use crate::recipe::{InvalidKey, TrainSection};
use crate::report::{MetricValue, Report, metric};
use crate::{RunError, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct TextToTextJob {
    recipe: TextToTextRecipe,
    tokenizer: Tokenizer,
    kept: Kept,
    /// The decoding options of the pretrained model.
    search: GenerationDefaults,
    teacher: Option<Frozen>,
    train: Vec<Example>,
    /// The training pairs with other segmentations in every epoch, if the recipe draws them.
    segmentations: Option<Arc<Segmentations>>,
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
        let tokenizer_of = init.or(recipe.distill.teacher.as_deref());
        let tokenizer = tokenizer::load(&recipe.tokenizer, tokenizer_of, setup, lines)?;
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
        let teacher = Frozen::load(recipe, &tokenizer, &train_pairs, setup)?;
        let segmentations = match recipe.tokenizer.sampling() {
            None => None,
            Some(sampling) => {
                let sampler = tokenizer.sampler(sampling).map_err(|error| {
                    InvalidKey::new(recipe.tokenizer.sampling_key(), error.to_string())
                })?;
                let all = train_pairs.iter().chain(&copies);
                let pairs = pairs::used(all, section.prefix(), &tokenizer, max_len, long)?;
                let (plain, seed) = (train.clone(), recipe.train.seed);
                Some(Arc::new(Segmentations::new(sampler, pairs, plain, max_len, seed)))
            }
        };
        Ok(Self {
            recipe: recipe.clone(),
            tokenizer,
            kept,
            search,
            teacher,
            train,
            segmentations,
            valid,
            valid_pairs,
            test,
        })
    }

    fn model(&self, device: &Device, _: &mut dyn Events) -> Result<EncoderDecoder, RunError> {
        let model = match &self.recipe.init {
            Some(init) => {
                let files = model_files(Path::new(init), None)?;
                let model = EncoderDecoder::from_files(&files, device)?;
                let positions = model.config().stack.max_len;
                check_length("data.max_len", self.recipe.data.max_len, positions)?;
                model
            }
            None => {
                let config = self.recipe.model.encoder_decoder(self.tokenizer.vocab_size());
                config.init(self.recipe.train.seed, device)
            }
        };
        self.teacher.as_ref().map_or(Ok(()), |teacher| teacher.check(&model))?;
        Ok(model)
    }

    fn task(&self) -> PairTask<'_> {
        let examples = match &self.segmentations {
            Some(segmentations) => Examples::Drawn(segmentations),
            None => Examples::Fixed(&self.train),
        };
        PairTask {
            examples,
            loss: self.recipe.train.cross_entropy(),
            r_drop: self.recipe.train.r_drop,
            start_id: self.tokenizer.decoder_start(),
            teacher: self.teacher.as_ref().map(Frozen::teacher),
        }
    }

    fn batching(&self, train: &TrainSection) -> Batching {
        match &self.segmentations {
            None => train.batching(lengths(&self.train)),
            Some(segmentations) => Batching::Varying {
                lengths: segmentations.clone(),
                size: match train.batching(Vec::new()) {
                    Batching::Examples { size, .. } => BatchSize::Examples(size),
                    Batching::Tokens { budget, .. } => BatchSize::Tokens(budget),
                    Batching::Draws { .. } | Batching::Varying { .. } => {
                        unreachable!("[train] has a number of examples or of tokens")
                    }
                },
            },
        }
    }

    fn validate(
        &self,
        model: &EncoderDecoder,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError> {
        let task = PairTask {
            examples: Examples::Fixed(&self.valid),
            loss: CrossEntropy::default(),
            r_drop: 0.0,
            start_id: self.tokenizer.decoder_start(),
            teacher: None,
        };
        let loss = mean_loss(&task, &lengths(&self.valid), model);
        // A model that has not yet learned to end its texts would generate tokens up to the last position.
        let limit = self.recipe.data.max_len;
        let options = DecodeOptions {
            beams: Some(1),
            max_tokens: Some(self.search.max_new_tokens.map_or(limit, |most| most.min(limit))),
            ..DecodeOptions::default()
        };
        let model = TextToText::new(model.clone(), self.tokenizer.clone())
            .with_generation(self.search.clone())
            .with_options(self.recipe.decode.limited(options))
            .with_prefix(self.recipe.data.prefix());
        let progress = &mut validating(events, self.valid_pairs.len(), "texts");
        let report = evaluate::report(self.recipe.task, model, &self.valid_pairs, progress)?;
        let loss = MetricValue::new(&metric::LOSS, loss);
        Ok(std::iter::once(loss).chain(report.metrics).collect())
    }

    fn save(&self, model: &EncoderDecoder, dir: &Path) -> Result<(), RunError> {
        let DecodeSection { beams, length_penalty, .. } = self.recipe.decode;
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
        let options = self.recipe.decode.limited(DecodeOptions::default());
        let model = TextToText::from_pretrained(model, device)?.with_options(options);
        let progress = &mut tested(events, self.test.len(), "texts");
        evaluate::report(self.recipe.task, model, &self.test, progress).map(Some)
    }

    fn evaluate(recipe: &TextToTextRecipe, evaluation: Evaluation<'_>) -> Result<Report, RunError> {
        evaluate::on_file(recipe, evaluation)
    }
}

impl TextToTextJob {
    /// A token id to save, if the recipe sets a target language.
    fn language_id(&self, id: Option<u32>) -> Option<Value> {
        self.recipe.data.target_lang.as_ref().and(id).map(|id| json!(id))
    }
}

fn lengths(examples: &[Example]) -> Vec<Lengths> {
    examples.iter().map(Example::lengths).collect()
}
