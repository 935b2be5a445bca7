//! Span corruption.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{Batching, Example, window_starts};
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{EncoderDecoder, GenerationDefaults, Head};
use crosshead_tasks::model_files;
use crosshead_tokenize::Tokenizer;
use crosshead_train::Task;
use serde_json::Map;

use super::corruption::{Corruption, SEED, loss, spans};
use super::sections::SpanRecipe;
use crate::host::{Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, validating};
use crate::kept::Kept;
use crate::recipe::TrainSection;
use crate::report::{MetricValue, Report};
use crate::{RunError, data, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct SpanJob {
    recipe: SpanRecipe,
    tokenizer: Tokenizer,
    kept: Kept,
    corruption: Corruption,
    train: Vec<u32>,
    valid: Vec<u32>,
    test: Option<Vec<u32>>,
}

impl Job for SpanJob {
    type Recipe = SpanRecipe;
    type Task<'a> = SpanTask<'a>;
    type Model = EncoderDecoder;
    const HEAD: Head = Head::Seq2SeqLm;

    fn load(
        recipe: &SpanRecipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError> {
        let section = &recipe.data;
        let text = |name: &str| data::text(name, setup.assets);
        let (train, valid) = (text(&section.train)?, text(&section.valid)?);
        let test = section.test.as_deref().map(text).transpose()?;
        let init = recipe.init.as_deref();
        let needed = spans(section, Vec::new()).sentinels_of(section.context);
        let lines = train.lines();
        let tokenizer =
            tokenizer::load_with_sentinels(&recipe.tokenizer, init, setup, lines, needed)?;
        let corruption = Corruption::new(section, &tokenizer)?;
        let encode = |name: &str, text: &str| -> Result<Vec<u32>, RunError> {
            let ids = tokenizer.encode(text)?;
            if ids.len() > section.context {
                return Ok(ids);
            }
            let reason = format!(
                "{} tokens, but more than data.context ({}) are needed; use a longer text or a smaller context",
                ids.len(),
                section.context
            );
            Err(RunError::DataFile { file: name.to_owned(), reason })
        };
        let train = encode(&section.train, &train)?;
        let valid = tokenizer.encode(&valid)?;
        let test = test.map(|text| tokenizer.encode(&text)).transpose()?;
        events.on_event(Event::Message(format!(
            "data: {} training tokens, {} valid; vocabulary: {} tokens, of them {needed} sentinels",
            train.len(),
            valid.len(),
            tokenizer.vocab_size(),
        )));
        let (kept, recipe) = (Kept::of(init)?, recipe.clone());
        Ok(Self { recipe, tokenizer, kept, corruption, train, valid, test })
    }

    fn model(&self, device: &Device, _: &mut dyn Events) -> Result<EncoderDecoder, RunError> {
        let model = match &self.recipe.init {
            Some(init) => EncoderDecoder::from_files(&model_files(Path::new(init), None)?, device)?,
            None => {
                let config = self.recipe.model.encoder_decoder(self.tokenizer.vocab_size());
                config.init(self.recipe.train.seed, device)
            }
        };
        check_length("data.context", self.corruption.longest(), model.config().stack.max_len)?;
        Ok(model)
    }

    fn task(&self) -> SpanTask<'_> {
        SpanTask {
            ids: &self.train,
            corruption: &self.corruption,
            options: self.recipe.train.cross_entropy(),
        }
    }

    /// Windows at random positions; an epoch has as many as there are adjacent windows.
    fn batching(&self, train: &TrainSection) -> Batching {
        let context = self.recipe.data.context;
        let size = train.batch_size(context);
        Batching::Draws {
            bound: window_starts(self.train.len() + 1, context),
            size,
            batches: (self.train.len() / (context * size)).max(1),
        }
    }

    fn validate(
        &self,
        model: &EncoderDecoder,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError> {
        let progress = &mut validating(events, self.valid.len(), "tokens");
        Ok(vec![self.corruption.loss(model, &self.valid, progress)?])
    }

    fn save(&self, model: &EncoderDecoder, dir: &Path) -> Result<(), RunError> {
        model.save_pretrained(dir, GenerationDefaults::default(), |dir| {
            self.kept.complete(dir, &self.tokenizer, &Map::new())
        })
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError> {
        let Some(test) = &self.test else { return Ok(None) };
        let model = EncoderDecoder::from_pretrained(model, device)?;
        self.corruption.report(&model, test, events).map(Some)
    }

    fn evaluate(recipe: &SpanRecipe, evaluation: Evaluation<'_>) -> Result<Report, RunError> {
        let Evaluation { model, file, device, compute_type, assets, events, .. } = evaluation;
        let text = data::text(file, assets)?;
        let tokenizer = Tokenizer::from_dir(model.dir())?;
        let model = compute_type.apply(EncoderDecoder::from_files(model, device)?);
        let corruption = Corruption::new(&recipe.data, &tokenizer)?;
        check_length("data.context", corruption.longest(), model.config().stack.max_len)?;
        corruption.report(&model, &tokenizer.encode(&text)?, events)
    }
}

/// The cross entropy of the removed spans. An example is the position at which a window starts.
pub(crate) struct SpanTask<'a> {
    ids: &'a [u32],
    corruption: &'a Corruption,
    options: CrossEntropy,
}

impl Task for SpanTask<'_> {
    type Model = EncoderDecoder;

    /// Each training step removes other spans.
    fn loss(&self, model: &EncoderDecoder, starts: &[usize], mode: Mode) -> Tensor<1> {
        let seed = match mode {
            Mode::Eval => SEED,
            Mode::Train(key) => {
                let [high, low, ..] = key.stream("spans").words(0);
                u64::from(high) << 32 | u64::from(low)
            }
        };
        let window = |start: usize| &self.ids[start..start + self.corruption.context];
        let example = |(index, &start)| self.corruption.example(window(start), seed, index);
        let examples: Vec<Example> = starts.iter().enumerate().map(example).collect();
        loss(model, &examples, self.options, mode)
    }

    fn targets(&self, starts: &[usize]) -> usize {
        starts.len() * self.corruption.target_len(self.corruption.context)
    }

    fn tokens(&self, starts: &[usize]) -> usize {
        starts.len() * self.corruption.context
    }
}
