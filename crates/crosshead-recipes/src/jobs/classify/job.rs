//! Text classification.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{Batching, ClassExample, DataError, LabelSet, Lengths, collate_classes};
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{Head, ProblemType, SequenceClassifier, TokenBatch};
use crosshead_tasks::{Classifier, model_files};
use crosshead_tokenize::{SpecialRole, Tokenizer};
use crosshead_train::Task;
use crosshead_weights::{Initialization, initialize};
use serde_json::Map;

use super::evaluate::{self, check_single_label, report};
use super::sections::{ClassifyRecipe, LabelledSection};
use super::texts::{Labelled, examples};
use crate::host::{Assets, Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, mean_loss, tested, validating};
use crate::kept::Kept;
use crate::recipe::{InvalidKey, TrainSection};
use crate::report::{MetricValue, Report, metric};
use crate::{RunError, data, parameters, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct ClassifyJob {
    recipe: ClassifyRecipe,
    tokenizer: Tokenizer,
    kept: Kept,
    names: Vec<String>,
    train: Vec<ClassExample>,
    valid: Vec<ClassExample>,
    valid_texts: Labelled,
    test: Option<Labelled>,
}

impl Job for ClassifyJob {
    type Recipe = ClassifyRecipe;
    type Task<'a> = ClassTask<'a>;
    type Model = SequenceClassifier;
    const HEAD: Head = Head::SequenceClassifier;

    fn load(
        recipe: &ClassifyRecipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError> {
        let section = &recipe.data;
        let labels = label_set(section, setup.assets)?;
        let read = |name: &str| labelled(name, section, &labels, setup.assets);
        let (train, valid) = (read(&section.train)?, read(&section.valid)?);
        let test = section.test.as_deref().map(read).transpose()?;
        for label in labels.without_examples(&train.classes) {
            events.on_event(Event::Message(format!(
                "warning: no training text has the label {label}; the model cannot learn it"
            )));
        }
        let lines = train.texts.all().into_iter();
        let tokenizer = tokenizer::load(&recipe.tokenizer, recipe.init.as_deref(), setup, lines)?;
        // The files of a pretrained model are kept as they are.
        let tokenizer = match &section.text_pair {
            Some(_) => tokenizer.with_token_types(),
            None => tokenizer,
        };
        let positions = positions(recipe)?;
        let max_len = section.max_len.unwrap_or(positions);
        check_length("data.max_len", max_len, positions)?;
        let (encoded, too_long) = examples(&tokenizer, &train, max_len)?;
        events.on_event(Event::Message(format!(
            "data: {} training {}, {} valid, {} test; {too_long} truncated (more than {max_len} tokens); labels {}",
            train.texts.len(),
            if section.text_pair.is_some() { "pairs" } else { "texts" },
            valid.texts.len(),
            test.as_ref().map_or(0, |test| test.texts.len()),
            section.names(&labels).join(", "),
        )));
        events.on_event(Event::Message(format!("vocabulary: {} tokens", tokenizer.vocab_size())));
        Ok(Self {
            recipe: recipe.clone(),
            names: section.names(&labels),
            train: encoded,
            valid: examples(&tokenizer, &valid, max_len)?.0,
            valid_texts: valid,
            test,
            tokenizer,
            kept: Kept::of(recipe.init.as_deref())?,
        })
    }

    fn model(
        &self,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<SequenceClassifier, RunError> {
        let model = self.initial_model(device, events)?;
        Ok(model.with_problem_type(Some(ProblemType::SingleLabelClassification)))
    }

    fn task(&self) -> ClassTask<'_> {
        let Self { recipe, train, .. } = self;
        let (loss, r_drop) = (recipe.train.cross_entropy(), recipe.train.r_drop);
        ClassTask { examples: train, loss, r_drop }
    }

    fn batching(&self, train: &TrainSection) -> Batching {
        train.batching(lengths(&self.train))
    }

    fn validate(
        &self,
        model: &SequenceClassifier,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError> {
        let task = ClassTask { examples: &self.valid, loss: CrossEntropy::default(), r_drop: 0.0 };
        let loss = MetricValue::new(&metric::LOSS, mean_loss(&task, &lengths(&self.valid), model));
        let classifier = Classifier::new(model.clone(), self.tokenizer.clone());
        let progress = &mut validating(events, self.valid_texts.texts.len(), "texts");
        let report = report(&classifier, &self.valid_texts, progress)?;
        Ok(std::iter::once(loss).chain(report.metrics).collect())
    }

    fn save(&self, model: &SequenceClassifier, dir: &Path) -> Result<(), RunError> {
        model.save_pretrained(dir, |dir| self.kept.complete(dir, &self.tokenizer, &Map::new()))
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError> {
        let Some(test) = &self.test else { return Ok(None) };
        let classifier = Classifier::from_pretrained(model, device)?;
        let progress = &mut tested(events, test.texts.len(), "texts");
        report(&classifier, test, progress).map(Some)
    }

    fn evaluate(recipe: &ClassifyRecipe, evaluation: Evaluation<'_>) -> Result<Report, RunError> {
        evaluate::on_file(recipe, evaluation)
    }
}

impl ClassifyJob {
    /// The model that training starts from: a new one, or the pretrained one, with a new head if necessary.
    fn initial_model(
        &self,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<SequenceClassifier, RunError> {
        let seed = self.recipe.train.seed;
        let Some(init) = &self.recipe.init else {
            let head = self.recipe.model.classifier_head(self.names.len());
            let pad_id = self.tokenizer.special().require(SpecialRole::Pad)?;
            let config = self.recipe.model.encoder(self.tokenizer.vocab_size(), pad_id);
            let model = SequenceClassifier::new(config.skeleton(device), head)
                .with_labels(self.names.clone());
            return Ok(initialize(model, Initialization::Bert, seed, Some(pad_id)));
        };
        let files = model_files(Path::new(init), None)?;
        if files.directory()?.head == Head::SequenceClassifier {
            let model = SequenceClassifier::from_files(&files, device)?;
            check_single_label(model.problem_type(), "training")?;
            if model.labels() == self.names {
                return Ok(model);
            }
        }
        let (model, new) =
            SequenceClassifier::with_new_classes(&files, self.names.clone(), device)?;
        Ok(parameters::initialize_new(
            model,
            seed,
            |path| new.iter().any(|new| new == path),
            events,
        ))
    }
}

/// The number of positions of the model.
fn positions(recipe: &ClassifyRecipe) -> Result<usize, RunError> {
    let Some(init) = &recipe.init else {
        return Ok(recipe.model.encoder(1, 0).stack.max_len);
    };
    let directory = model_files(Path::new(init), None)?.directory()?;
    Ok(directory.config.stack().max_len)
}

/// The labels as they appear in the files: from the recipe, or from the training texts.
fn label_set(section: &LabelledSection, assets: &dyn Assets) -> Result<LabelSet, RunError> {
    if let Some(labels) = &section.labels {
        return Ok(LabelSet::from_names(labels.clone())?);
    }
    let rows = data::rows(&section.train, [&section.label], assets)?;
    let labels = LabelSet::of(rows.iter().map(|row| row.fields[0].as_str()))?;
    match &section.names {
        Some(names) if names.len() != labels.names().len() => Err(InvalidKey::new(
            "data.names",
            format!(
                "{} names for the {} labels of {}: {}; list all labels in data.labels if some have no text",
                names.len(),
                labels.names().len(),
                section.train,
                labels.names().join(", ")
            ),
        )
        .into()),
        Some(_) | None => Ok(labels),
    }
}

/// The texts of a file with their classes.
fn labelled(
    name: &str,
    section: &LabelledSection,
    labels: &LabelSet,
    assets: &dyn Assets,
) -> Result<Labelled, RunError> {
    Labelled::read(name, section, assets, |line, label| {
        labels.class(label).ok_or_else(|| DataError::UnseenLabel {
            name: name.to_owned(),
            line,
            label: label.to_owned(),
            known: labels.names().join(", "),
        })
    })
}

fn lengths(examples: &[ClassExample]) -> Vec<Lengths> {
    examples.iter().map(|example| Lengths { source: example.ids.len(), target: 0 }).collect()
}

/// The cross-entropy of the classes.
pub(crate) struct ClassTask<'a> {
    examples: &'a [ClassExample],
    loss: CrossEntropy,
    /// α of R-Drop in training; 0 for none.
    r_drop: f64,
}

impl Task for ClassTask<'_> {
    type Model = SequenceClassifier;

    fn loss(&self, model: &SequenceClassifier, examples: &[usize], mode: Mode) -> Tensor<1> {
        let batch = collate_classes(self.examples, examples, model.encoder.config().pad_id);
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        let types = batch.types.as_deref().filter(|_| model.encoder.config().n_token_types > 1);
        if self.r_drop > 0.0 && mode != Mode::Eval {
            return model.r_drop_loss(tokens, types, &batch.classes, self.loss, self.r_drop, mode);
        }
        model.loss(tokens, types, &batch.classes, self.loss, mode)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.len()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        examples.iter().map(|&index| self.examples[index].ids.len()).sum()
    }
}
