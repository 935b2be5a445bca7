//! Causal language modeling.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{Batching, Window, collate_windows, contiguous_windows, window_starts};
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{CausalLm, GenerationDefaults, Head, IGNORED, TokenBatch};
use crosshead_tasks::{DecodeOptions, Generator, model_files};
use crosshead_tokenize::Tokenizer;
use crosshead_train::Task;
use serde_json::Map;

use super::evaluate::{self, language_modeling, score};
use super::sections::LanguageModelRecipe;
use crate::host::{Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, tested, validating};
use crate::kept::Kept;
use crate::recipe::TrainSection;
use crate::report::{Baseline, MetricValue, Report, Sample};
use crate::{RunError, data, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct LanguageModelJob {
    recipe: LanguageModelRecipe,
    tokenizer: Tokenizer,
    kept: Kept,
    train: Vec<u32>,
    valid: Vec<u32>,
    valid_text: String,
    test_text: Option<String>,
}

impl Job for LanguageModelJob {
    type Recipe = LanguageModelRecipe;
    type Task<'a> = WindowTask<'a>;
    type Model = CausalLm;
    const HEAD: Head = Head::CausalLm;

    fn load(
        recipe: &LanguageModelRecipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError> {
        let section = &recipe.data;
        let train_text = data::text(&section.train, setup.assets)?;
        let valid_text = data::text(&section.valid, setup.assets)?;
        let test_text =
            section.test.as_deref().map(|name| data::text(name, setup.assets)).transpose()?;
        let init = recipe.init.as_deref();
        let lines = train_text.split_inclusive('\n');
        let tokenizer = tokenizer::load_without_special(&recipe.tokenizer, init, setup, lines)?;
        let train = tokenizer.encode_with_special(&train_text)?;
        let valid = tokenizer.encode_with_special(&valid_text)?;
        for (name, ids) in [(&section.train, &train), (&section.valid, &valid)] {
            if ids.len() <= section.context {
                let reason = format!(
                    "{} tokens, but more than data.context ({}) are needed; use a longer text or a smaller context",
                    ids.len(),
                    section.context
                );
                return Err(RunError::DataFile { file: name.clone(), reason });
            }
        }
        events.on_event(Event::Message(format!(
            "data: {} training tokens ({} characters), {} valid ({} characters); vocabulary: {} tokens",
            train.len(),
            train_text.chars().count(),
            valid.len(),
            valid_text.chars().count(),
            tokenizer.vocab_size(),
        )));
        let kept = Kept::of(init)?;
        Ok(Self { recipe: recipe.clone(), tokenizer, kept, train, valid, valid_text, test_text })
    }

    fn model(&self, device: &Device, _: &mut dyn Events) -> Result<CausalLm, RunError> {
        let context = self.recipe.data.context;
        let model = match &self.recipe.init {
            Some(init) => CausalLm::from_files(&model_files(Path::new(init), None)?, device)?,
            None => {
                let config = self.recipe.model.causal(self.tokenizer.vocab_size(), context);
                config.init(self.recipe.train.seed, device)
            }
        };
        check_length("data.context", context, model.config().stack.max_len)?;
        Ok(model)
    }

    fn task(&self) -> WindowTask<'_> {
        WindowTask {
            ids: &self.train,
            context: self.recipe.data.context,
            loss: self.recipe.train.cross_entropy(),
        }
    }

    /// Windows at random positions; an epoch has as many windows as fit into the text side by side.
    fn batching(&self, train: &TrainSection) -> Batching {
        let context = self.recipe.data.context;
        let size = train.batch_size(context);
        Batching::Draws {
            bound: window_starts(self.train.len(), context),
            size,
            batches: (self.train.len() / (context * size)).max(1),
        }
    }

    fn validate(
        &self,
        model: &CausalLm,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError> {
        let context = self.recipe.data.context;
        let windows = contiguous_windows(self.valid.len(), context, context);
        let progress = &mut validating(events, self.valid.len().saturating_sub(1), "tokens");
        let (metrics, _) =
            score(model, &self.tokenizer, &self.valid, &self.valid_text, &windows, progress)?;
        Ok(metrics)
    }

    fn save(&self, model: &CausalLm, dir: &Path) -> Result<(), RunError> {
        let search = GenerationDefaults::default();
        model.save_pretrained(dir, search, |dir| {
            self.kept.complete(dir, &self.tokenizer, &Map::new())
        })
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError> {
        let Some(test) = &self.test_text else { return Ok(None) };
        let generator = Generator::from_pretrained(model, device)?;
        let valid = language_modeling(&generator, &self.valid_text, &mut |_| {})?;
        let total = self.tokenizer.encode_with_special(test)?.len().saturating_sub(1);
        let mut report = language_modeling(&generator, test, &mut tested(events, total, "tokens"))?;
        report.baselines.push(Baseline { name: "valid", metrics: valid.metrics });
        report.samples = self.samples(&generator)?;
        Ok(Some(report))
    }

    fn evaluate(_: &LanguageModelRecipe, evaluation: Evaluation<'_>) -> Result<Report, RunError> {
        evaluate::on_file(evaluation)
    }
}

impl LanguageModelJob {
    fn samples(&self, generator: &Generator) -> Result<Vec<Sample>, RunError> {
        let section = &self.recipe.sample;
        let options = DecodeOptions { seed: Some(self.recipe.train.seed), ..section.options() };
        let generated = generator.generate(&section.prompts, &options)?;
        let sample = |(prompt, text): (&String, crosshead_tasks::Generated)| {
            vec![("prompt", prompt.clone()), ("text", text.text)]
        };
        Ok(section.prompts.iter().zip(generated).map(sample).collect())
    }
}

/// The cross-entropy of each next token in windows of a text. An example is the position at which a window starts.
pub(crate) struct WindowTask<'a> {
    ids: &'a [u32],
    context: usize,
    loss: CrossEntropy,
}

impl Task for WindowTask<'_> {
    type Model = CausalLm;

    fn loss(&self, model: &CausalLm, starts: &[usize], mode: Mode) -> Tensor<1> {
        let windows: Vec<Window> =
            starts.iter().map(|&start| Window::new(start, self.context)).collect();
        let batch =
            collate_windows(self.ids, &windows, model.config().pad_id.unwrap_or(0), IGNORED);
        let read = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        model.loss(read, &batch.targets, self.loss, mode)
    }

    fn targets(&self, starts: &[usize]) -> usize {
        starts.len() * self.context
    }

    fn tokens(&self, starts: &[usize]) -> usize {
        self.targets(starts)
    }
}
