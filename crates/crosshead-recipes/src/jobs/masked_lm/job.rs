//! Masked language modeling.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{Batching, MaskedSequence, Masking, collate_masked, window_starts};
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{Encoder, Head, IGNORED, MaskedLm, TokenBatch, paths};
use crosshead_tasks::{FillMask, model_files};
use crosshead_tokenize::{Affixes, SpecialRole, Tokenizer};
use crosshead_train::Task;
use crosshead_weights::{Initialization, initialize};
use serde_json::Map;

use super::evaluate::{self, masked_language_modeling, masked_metrics, masking};
use super::sections::MaskedLmRecipe;
use super::text::{MaskedText, Window};
use crate::host::{Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, tested, validating};
use crate::kept::Kept;
use crate::recipe::{InvalidKey, TrainSection};
use crate::report::{Baseline, MetricValue, Report, metric};
use crate::{RunError, data, parameters, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct MaskedLmJob {
    recipe: MaskedLmRecipe,
    tokenizer: Tokenizer,
    /// The special tokens around each window.
    affixes: Affixes,
    kept: Kept,
    masking: Masking,
    train: MaskedText,
    /// Windows of the validation text.
    valid: Vec<Window>,
    test_text: Option<String>,
}

impl Job for MaskedLmJob {
    type Recipe = MaskedLmRecipe;
    type Task<'a> = MaskedTask<'a>;
    type Model = MaskedLm;
    const HEAD: Head = Head::MaskedLm;

    fn load(
        recipe: &MaskedLmRecipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError> {
        let section = &recipe.data;
        let train_text = data::text(&section.train, setup.assets)?;
        let valid_text = data::text(&section.valid, setup.assets)?;
        let test_text =
            section.test.as_deref().map(|name| data::text(name, setup.assets)).transpose()?;
        let tokenizer =
            tokenizer::load(&recipe.tokenizer, recipe.init.as_deref(), setup, train_text.lines())?;
        let train = MaskedText::encode(&tokenizer, &train_text, section.unit)?;
        if train.ids.len() < section.context {
            let reason = format!(
                "{} tokens, but at least data.context ({}) are needed; use a longer text or a smaller context",
                train.ids.len(),
                section.context
            );
            return Err(RunError::DataFile { file: section.train.clone(), reason });
        }
        let affixes = tokenizer.affixes()?;
        let valid = MaskedText::encode(&tokenizer, &valid_text, section.unit)?
            .windows(&affixes, section.context);
        events.on_event(Event::Message(format!(
            "data: {} training tokens, {} windows valid; vocabulary: {} tokens",
            train.ids.len(),
            valid.len(),
            tokenizer.vocab_size(),
        )));
        let masking = masking(&tokenizer, section.masked)?;
        Ok(Self {
            kept: Kept::of(recipe.init.as_deref())?,
            recipe: recipe.clone(),
            tokenizer,
            affixes,
            masking,
            train,
            valid,
            test_text,
        })
    }

    fn model(&self, device: &Device, events: &mut dyn Events) -> Result<MaskedLm, RunError> {
        let seed = self.recipe.train.seed;
        let Some(init) = &self.recipe.init else {
            let pad_id = self.tokenizer.special().require(SpecialRole::Pad)?;
            let config = self.recipe.model.encoder(self.tokenizer.vocab_size(), pad_id);
            let model = self.checked(MaskedLm::new(config.skeleton(device)))?;
            return Ok(initialize(model, Initialization::Bert, seed, Some(pad_id)));
        };
        let files = model_files(Path::new(init), None)?;
        if files.directory()?.head == Head::MaskedLm {
            return self.checked(MaskedLm::from_files(&files, device)?);
        }
        if self.recipe.lora.is_some() {
            let reason = format!(
                "{init} has no masked-LM head, and an adapter does not contain one; remove [lora]"
            );
            return Err(InvalidKey::new("lora", reason).into());
        }
        let model = self.checked(MaskedLm::new(Encoder::from_files(&files, device)?))?;
        Ok(parameters::initialize_new(model, seed, paths::is_head, events))
    }

    fn task(&self) -> MaskedTask<'_> {
        MaskedTask {
            text: &self.train,
            inside: self.inside(),
            affixes: &self.affixes,
            masking: &self.masking,
            loss: self.recipe.train.cross_entropy(),
        }
    }

    /// Windows at random positions; an epoch has as many windows as fit into the text side by side.
    fn batching(&self, train: &TrainSection) -> Batching {
        let context = self.recipe.data.context;
        let size = train.batch_size(context);
        Batching::Draws {
            bound: window_starts(self.train.ids.len() + 1, self.inside()),
            size,
            batches: (self.train.ids.len() / (context * size)).max(1),
        }
    }

    fn validate(
        &self,
        model: &MaskedLm,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError> {
        let fill = FillMask::new(model.clone(), self.tokenizer.clone())?;
        let progress = &mut validating(events, self.valid.len(), "windows");
        masked_metrics(&fill, &self.valid, self.recipe.data.masked, progress)
    }

    fn save(&self, model: &MaskedLm, dir: &Path) -> Result<(), RunError> {
        model.save_pretrained(dir, |dir| self.kept.complete(dir, &self.tokenizer, &Map::new()))
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError> {
        let Some(test) = &self.test_text else { return Ok(None) };
        let fill = FillMask::from_pretrained(model, device)?;
        let ids = self.tokenizer.encode(test)?;
        let (context, share) = (self.recipe.data.context, self.recipe.data.masked);
        let unit = self.recipe.data.unit;
        let progress = &mut tested(events, ids.len(), "tokens");
        let mut report = masked_language_modeling(&fill, test, context, share, unit, progress)?;
        let unigram = self.unigram_perplexity(&ids);
        let metrics = vec![MetricValue::new(&metric::PERPLEXITY, unigram)];
        report.baselines.push(Baseline { name: "unigram", metrics });
        Ok(Some(report))
    }

    fn evaluate(recipe: &MaskedLmRecipe, evaluation: Evaluation<'_>) -> Result<Report, RunError> {
        evaluate::on_file(recipe, evaluation)
    }
}

impl MaskedLmJob {
    /// Tokens of a window without special tokens.
    fn inside(&self) -> usize {
        self.recipe.data.context.saturating_sub(self.affixes.count()).max(1)
    }

    /// The model, if it has a position for each token of a window.
    fn checked(&self, model: MaskedLm) -> Result<MaskedLm, RunError> {
        let max_len = model.encoder.config().stack.max_len;
        check_length("data.context", self.recipe.data.context, max_len)?;
        Ok(model)
    }

    /// The perplexity of a unigram model of the training text with add-one smoothing.
    fn unigram_perplexity(&self, ids: &[u32]) -> f64 {
        let mut counts = vec![1_u32; self.tokenizer.vocab_size()];
        self.train.ids.iter().for_each(|&id| counts[id as usize] += 1);
        let total: f64 = counts.iter().map(|&count| f64::from(count)).sum();
        let nats: f64 = ids.iter().map(|&id| -(f64::from(counts[id as usize]) / total).ln()).sum();
        (nats / ids.len().max(1) as f64).exp()
    }
}

/// The cross-entropy of masked tokens. An example is the position at which a window starts.
pub(crate) struct MaskedTask<'a> {
    text: &'a MaskedText,
    /// Tokens of a window without special tokens.
    inside: usize,
    affixes: &'a Affixes,
    masking: &'a Masking,
    loss: CrossEntropy,
}

impl MaskedTask<'_> {
    fn windows(&self, starts: &[usize]) -> Vec<Window> {
        let window = |&start: &usize| self.text.window(start..start + self.inside, self.affixes);
        starts.iter().map(window).collect()
    }

    /// The windows with masked tokens; each training step draws different masks.
    fn masked(&self, windows: &[Window], mode: Mode) -> Vec<MaskedSequence> {
        let draw = match mode {
            Mode::Eval => 0,
            Mode::Train(key) => {
                let [high, low, ..] = key.stream("masks").words(0);
                u64::from(high) << 32 | u64::from(low)
            }
        };
        let windows = windows.iter().enumerate();
        windows.map(|(index, window)| window.masked(self.masking, draw, index)).collect()
    }
}

impl Task for MaskedTask<'_> {
    type Model = MaskedLm;

    fn loss(&self, model: &MaskedLm, starts: &[usize], mode: Mode) -> Tensor<1> {
        let windows = self.windows(starts);
        let originals: Vec<&[u32]> = windows.iter().map(|window| window.ids.as_slice()).collect();
        let masked = self.masked(&windows, mode);
        let batch = collate_masked(&originals, &masked, model.encoder.config().pad_id, IGNORED);
        let read = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        model.loss_with(read, &batch.targets, self.loss, mode)
    }

    /// The share of each window. Complete words fill it exactly, unless a window has no short words left.
    fn targets(&self, starts: &[usize]) -> usize {
        let windows = self.windows(starts);
        windows.iter().map(|window| self.masking.selected(window.maskable(self.masking))).sum()
    }

    fn tokens(&self, starts: &[usize]) -> usize {
        starts.len() * (self.inside + self.affixes.count())
    }
}
