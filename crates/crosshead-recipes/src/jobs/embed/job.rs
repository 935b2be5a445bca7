//! Sentence embeddings.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{Batching, Lengths, Pair};
use crosshead_kernels::Mode;
use crosshead_models::{
    Head, ModelDirectory, Pooling, SentenceConfig, SentenceEncoder, TokenBatch,
};
use crosshead_tasks::Embedder;
use crosshead_tokenize::{PaddedBatch, SpecialRole, Tokenizer, pad_batch};
use crosshead_train::Task;
use crosshead_weights::{Initialization, initialize};
use serde_json::Map;

use super::evaluate::{self, report};
use super::files::Pretrained;
use super::sections::EmbedRecipe;
use super::texts::{Held, RankedExample, Triplet, encode, triplets};
use crate::host::{Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, mean_loss, tested, validating};
use crate::kept::Kept;
use crate::recipe::TrainSection;
use crate::report::{MetricValue, Report, metric};
use crate::{RunError, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct EmbedJob {
    recipe: EmbedRecipe,
    tokenizer: Tokenizer,
    pretrained: Option<Pretrained>,
    kept: Kept,
    max_len: usize,
    train: Vec<RankedExample>,
    /// The validation pairs as examples, if they have no scores.
    valid_examples: Vec<RankedExample>,
    valid: Held,
    test: Option<Held>,
}

impl Job for EmbedJob {
    type Recipe = EmbedRecipe;
    type Task<'a> = RankTask<'a>;
    type Model = SentenceEncoder;
    const HEAD: Head = Head::Encoder;

    fn load(
        recipe: &EmbedRecipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError> {
        let section = &recipe.data;
        let train = triplets(&section.train, section, setup.assets)?;
        let valid = Held::read(&section.valid, section, setup.assets)?;
        let read = |name: &str| Held::read(name, section, setup.assets);
        let test = section.test.as_deref().map(read).transpose()?;
        let pretrained = recipe.init.as_deref().map(Pretrained::open).transpose()?;
        if let Some(prompt) = pretrained.as_ref().and_then(Pretrained::default_prompt) {
            events.on_event(Event::Message(format!(
                "warning: the model puts its prompt `{prompt}` before each text; training does not: put it into the texts"
            )));
        }
        let encoder = pretrained.as_ref().map(Pretrained::encoder);
        let texts = train.iter().flat_map(|Triplet { anchor, positive, negative }| {
            [Some(anchor), Some(positive), negative.as_ref()].into_iter().flatten()
        });
        let lines = texts.map(String::as_str);
        let mut tokenizer = tokenizer::load(&recipe.tokenizer, encoder.as_deref(), setup, lines)?;
        if pretrained.as_ref().is_some_and(|pretrained| pretrained.directory.lowercase) {
            tokenizer = tokenizer.with_lowercase()?;
        }
        let max_len = max_len(recipe, pretrained.as_ref())?;
        let (encoded, too_long) = encode(&tokenizer, &train, max_len)?;
        let valid_examples = match &valid {
            Held::Scored(_) => Vec::new(),
            Held::Pairs(pairs) => {
                let pair = |pair: &Pair| Triplet {
                    anchor: pair.source.clone(),
                    positive: pair.target.clone(),
                    negative: None,
                };
                let pairs: Vec<Triplet> = pairs.iter().map(pair).collect();
                encode(&tokenizer, &pairs, max_len)?.0
            }
        };
        events.on_event(Event::Message(format!(
            "data: {} training {}, {} valid, {} test; {too_long} truncated (more than {max_len} tokens)",
            train.len(),
            if section.negative.is_some() { "triplets" } else { "pairs" },
            valid.len(),
            test.as_ref().map_or(0, Held::len),
        )));
        events.on_event(Event::Message(format!("vocabulary: {} tokens", tokenizer.vocab_size())));
        Ok(Self {
            recipe: recipe.clone(),
            tokenizer,
            kept: Kept::of(encoder.as_deref())?,
            pretrained,
            max_len,
            train: encoded,
            valid_examples,
            valid,
            test,
        })
    }

    fn model(&self, device: &Device, _: &mut dyn Events) -> Result<SentenceEncoder, RunError> {
        if let Some(pretrained) = &self.pretrained {
            return Ok(pretrained.directory.load(device)?);
        }
        let pad_id = self.tokenizer.special().require(SpecialRole::Pad)?;
        let config = self.recipe.model.encoder(self.tokenizer.vocab_size(), pad_id);
        let mean = SentenceConfig::new(Pooling::Mean);
        let model = SentenceEncoder::new(config.skeleton(device), Vec::new(), mean);
        Ok(initialize(model, Initialization::Bert, self.recipe.train.seed, Some(pad_id)))
    }

    fn task(&self) -> RankTask<'_> {
        self.ranking(&self.train)
    }

    fn batching(&self, train: &TrainSection) -> Batching {
        train.batching(lengths(&self.train))
    }

    fn validate(
        &self,
        model: &SentenceEncoder,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError> {
        let embedder =
            Embedder::new(model.clone(), self.tokenizer.clone()).with_max_len(self.max_len);
        let progress = &mut validating(events, 2 * self.valid.len(), "texts");
        let report = report(&embedder, &self.valid, progress)?;
        let loss = (!self.valid_examples.is_empty()).then(|| {
            let task = self.ranking(&self.valid_examples);
            MetricValue::new(&metric::LOSS, mean_loss(&task, &lengths(&self.valid_examples), model))
        });
        Ok(loss.into_iter().chain(report.metrics).collect())
    }

    fn save(&self, model: &SentenceEncoder, dir: &Path) -> Result<(), RunError> {
        model.save_pretrained(dir, self.max_len, |dir| {
            self.kept.complete(dir, &self.tokenizer, &Map::new())?;
            self.pretrained.as_ref().map_or(Ok(()), |pretrained| pretrained.keep_in(dir))
        })
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError> {
        let Some(test) = &self.test else { return Ok(None) };
        let embedder = Embedder::from_pretrained(model, device)?;
        let progress = &mut tested(events, 2 * test.len(), "texts");
        report(&embedder, test, progress).map(Some)
    }

    fn evaluate(recipe: &EmbedRecipe, evaluation: Evaluation<'_>) -> Result<Report, RunError> {
        evaluate::on_file(recipe, evaluation)
    }
}

impl EmbedJob {
    fn ranking<'a>(&self, examples: &'a [RankedExample]) -> RankTask<'a> {
        RankTask { examples, scale: self.recipe.data.scale as f32 }
    }
}

/// Maximum number of tokens of a text.
fn max_len(recipe: &EmbedRecipe, pretrained: Option<&Pretrained>) -> Result<usize, RunError> {
    let (limit, positions) = match pretrained {
        None => (None, recipe.model.encoder(1, 0).stack.max_len),
        Some(Pretrained { directory, .. }) => {
            let positions = ModelDirectory::open(&directory.encoder)?.config.stack().max_len;
            (directory.max_len.map(|limit| limit.min(positions)), positions)
        }
    };
    let max_len = recipe.data.max_len.or(limit).unwrap_or(positions);
    check_length("data.max_len", max_len, positions)?;
    Ok(max_len)
}

fn lengths(examples: &[RankedExample]) -> Vec<Lengths> {
    examples.iter().map(RankedExample::lengths).collect()
}

/// The multiple negatives ranking loss.
pub(crate) struct RankTask<'a> {
    examples: &'a [RankedExample],
    scale: f32,
}

impl Task for RankTask<'_> {
    type Model = SentenceEncoder;

    fn loss(&self, model: &SentenceEncoder, examples: &[usize], mode: Mode) -> Tensor<1> {
        let chosen = || examples.iter().map(|&index| &self.examples[index]);
        let pad_id = model.encoder.config().pad_id;
        let anchors: Vec<Vec<u32>> = chosen().map(|example| example.anchor.clone()).collect();
        let positives = chosen().map(|example| &example.positive);
        let negatives = chosen().filter_map(|example| example.negative.as_ref());
        let candidates: Vec<Vec<u32>> = positives.chain(negatives).cloned().collect();
        let (anchors, candidates) = (pad_batch(&anchors, pad_id), pad_batch(&candidates, pad_id));
        model.ranking_loss(tokens(&anchors), tokens(&candidates), self.scale, mode)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.len()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        examples.iter().map(|&index| self.examples[index].tokens()).sum()
    }
}

fn tokens(batch: &PaddedBatch) -> TokenBatch<'_> {
    TokenBatch { ids: &batch.ids, lengths: &batch.lengths }
}
