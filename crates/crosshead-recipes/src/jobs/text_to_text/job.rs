//! Translation and summarization.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{
    Batching, Example, LongExamples, Pair, collate, copy_pairs, filter_by_length,
};
use crosshead_kernels::{LabelSmoothing, Mode};
use crosshead_models::{EncoderDecoder, GenerationDefaults, TokenBatch};
use crosshead_tasks::{TextToText, model_directory};
use crosshead_tokenize::Tokenizer;
use crosshead_train::Task;

use super::evaluate::{summaries, translations};
use crate::host::{Event, Events};
use crate::jobs::{Job, Place, check_length, mean_loss, tested};
use crate::recipe::{LongTexts, TaskKind, TextToTextRecipe, TrainSection};
use crate::report::{Figure, Report, metric};
use crate::{Error, data, tokenizer};

/// A run's pairs, and the tokenizer that turned them into ids.
pub(crate) struct TextToTextJob {
    recipe: TextToTextRecipe,
    tokenizer: Tokenizer,
    train: Vec<Example>,
    valid: Vec<Example>,
    valid_pairs: Vec<Pair>,
    test: Vec<Pair>,
}

impl Job for TextToTextJob {
    type Recipe = TextToTextRecipe;
    type Task<'a> = PairTask<'a>;
    type Model = EncoderDecoder;

    fn load(
        recipe: &TextToTextRecipe,
        place: &Place<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, Error> {
        let section = &recipe.data;
        let pairs = |name: &str| data::pairs(name, section, place.assets);
        let (train_pairs, valid_pairs) = (pairs(&section.train)?, pairs(&section.valid)?);
        let test = section.test.as_deref().map_or(Ok(Vec::new()), pairs)?;
        let lines =
            train_pairs.iter().flat_map(|pair| [pair.source.as_str(), pair.target.as_str()]);
        let tokenizer = tokenizer::load(&recipe.tokenizer, recipe.init.as_deref(), place, lines)?;
        let (max_len, long) = (section.max_len, section.long.unwrap_or(LongTexts::Drop));
        let examples = |pairs: &[Pair]| match long {
            LongTexts::Drop => Ok::<_, Error>(filter_by_length(
                encode(&tokenizer, pairs)?,
                max_len,
                LongExamples::Drop,
            )),
            LongTexts::Truncate => truncated(&tokenizer, pairs, max_len),
        };
        let copies = copy_pairs(&train_pairs, section.copies, recipe.train.seed);
        let (mut train, too_long) = examples(&train_pairs)?;
        let (valid, _) = examples(&valid_pairs)?;
        events.on_event(Event::Message(format!(
            "data: {} pairs to train on, {} valid, {} test; {too_long} {} (more than {max_len} tokens)",
            train.len(),
            valid_pairs.len(),
            test.len(),
            long.participle(),
        )));
        if !copies.is_empty() {
            train.extend(examples(&copies)?.0);
            events.on_event(Event::Message(format!("{} pairs more ask for a copy", copies.len())));
        }
        events.on_event(Event::Message(format!("vocabulary of {}", tokenizer.vocab_size())));
        Ok(Self { recipe: recipe.clone(), tokenizer, train, valid, valid_pairs, test })
    }

    fn model(&self, device: &Device, _: &mut dyn Events) -> Result<EncoderDecoder, Error> {
        if let Some(init) = &self.recipe.init {
            let dir = model_directory(Path::new(init))?;
            let model = EncoderDecoder::from_pretrained(&dir, device)?;
            check_length("data.max_len", self.recipe.data.max_len, model.config().stack.max_len)?;
            return Ok(model);
        }
        let config = self.recipe.model.encoder_decoder(self.tokenizer.vocab_size());
        Ok(config.init(self.recipe.train.seed, device))
    }

    fn task(&self) -> PairTask<'_> {
        let smoothing = self.recipe.train.smoothing();
        PairTask { examples: &self.train, smoothing }
    }

    fn batching(&self, train: &TrainSection) -> Batching {
        train.batching(self.task().lengths())
    }

    fn validate(&self, model: &EncoderDecoder) -> Result<Vec<Figure>, Error> {
        let task = PairTask { examples: &self.valid, smoothing: LabelSmoothing::None };
        let loss = mean_loss(&task, &task.lengths(), model);
        // A model that has not learnt yet when to end would go on to the last position.
        let limit = Some(self.recipe.data.max_len);
        let search = GenerationDefaults { max_new_tokens: limit, ..GenerationDefaults::default() };
        let writer = TextToText::new(model.clone(), self.tokenizer.clone(), search.into());
        let report = self.report(&writer, &self.valid_pairs, &mut |_| {})?;
        let loss = Figure::new(&metric::LOSS, loss);
        Ok(std::iter::once(loss).chain(report.figures).collect())
    }

    fn save(&self, model: &EncoderDecoder, dir: &Path) -> Result<(), Error> {
        let defaults = GenerationDefaults {
            num_beams: self.recipe.decode.beams,
            length_penalty: self.recipe.decode.length_penalty as f32,
            ..GenerationDefaults::default()
        };
        model.save_pretrained(dir, defaults, |dir| Ok::<(), Error>(self.tokenizer.save(dir)?))
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, Error> {
        if self.test.is_empty() {
            return Ok(None);
        }
        let writer = TextToText::from_pretrained(model, device)?;
        let progress = &mut tested(events, self.test.len(), "texts");
        self.report(&writer, &self.test, progress).map(Some)
    }
}

impl TextToTextJob {
    fn report(
        &self,
        writer: &TextToText,
        pairs: &[Pair],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Report, Error> {
        match self.recipe.task {
            TaskKind::Summarize => summaries(writer, pairs, progress),
            _ => translations(writer, pairs, progress),
        }
    }
}

fn encode(tokenizer: &Tokenizer, pairs: &[Pair]) -> Result<Vec<Example>, Error> {
    let (sources, targets): (Vec<&str>, Vec<&str>) =
        pairs.iter().map(|pair| (pair.source.as_str(), pair.target.as_str())).unzip();
    let sources = tokenizer.encode_batch_with_special(&sources)?;
    let targets = tokenizer.encode_target_batch(&targets)?;
    Ok(sources
        .into_iter()
        .zip(targets)
        .map(|(source, target)| Example { source, target })
        .collect())
}

/// Pairs whose sides are cut to `max_len` ids, special tokens included and all of them kept, and how many had to be.
fn truncated(
    tokenizer: &Tokenizer,
    pairs: &[Pair],
    max_len: usize,
) -> Result<(Vec<Example>, usize), Error> {
    let mut too_long = 0;
    let mut examples = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (source, source_cut) = tokenizer.encode_truncated(&pair.source, max_len)?;
        let (target, target_cut) = tokenizer.encode_target_truncated(&pair.target, max_len)?;
        too_long += usize::from(source_cut || target_cut);
        examples.push(Example { source, target });
    }
    Ok((examples, too_long))
}

/// The cross entropy of targets given their sources.
pub(crate) struct PairTask<'a> {
    examples: &'a [Example],
    smoothing: LabelSmoothing,
}

impl PairTask<'_> {
    /// Source and target tokens of each example.
    fn lengths(&self) -> Vec<(usize, usize)> {
        self.examples.iter().map(Example::lengths).collect()
    }
}

impl Task for PairTask<'_> {
    type Model = EncoderDecoder;

    fn loss(&self, model: &EncoderDecoder, examples: &[usize], mode: Mode) -> Tensor<1> {
        let config = model.config();
        let batch = collate(self.examples, examples, config.pad_id, config.start_id);
        let source = TokenBatch { ids: &batch.source, lengths: &batch.source_lengths };
        let input = TokenBatch { ids: &batch.decoder_input, lengths: &batch.target_lengths };
        model.loss(source, input, &batch.target, self.smoothing, mode)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.iter().map(|&index| self.examples[index].target.len()).sum()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        let tokens = |example: &Example| example.source.len() + example.target.len();
        examples.iter().map(|&index| tokens(&self.examples[index])).sum()
    }
}
