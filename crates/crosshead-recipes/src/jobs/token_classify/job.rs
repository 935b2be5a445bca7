//! Token classification.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use crosshead_data::{
    Batching, DataError, LabelSet, Lengths, TagExample, TaggedSentence, collate_tags,
};
use crosshead_kernels::{CrossEntropy, Mode};
use crosshead_models::{Head, IGNORED, TokenBatch, TokenClassifier, paths};
use crosshead_tasks::{Tagger, model_files};
use crosshead_tokenize::{SpecialRole, Tokenizer};
use crosshead_train::Task;
use crosshead_weights::{Initialization, initialize};
use serde_json::Map;

use super::evaluate::{self, token_classification};
use super::sections::{TaggedSection, TokenClassifyRecipe};
use crate::host::{Event, Events};
use crate::job::{Evaluation, Job, Setup, check_length, mean_loss, tested, validating};
use crate::kept::Kept;
use crate::recipe::TrainSection;
use crate::report::{MetricValue, Report, metric};
use crate::{RunError, data, parameters, tokenizer};

/// The data and the tokenizer of a run.
pub(crate) struct TokenClassifyJob {
    recipe: TokenClassifyRecipe,
    tokenizer: Tokenizer,
    kept: Kept,
    labels: Vec<String>,
    train: Vec<TagExample>,
    valid: Vec<TagExample>,
    valid_sentences: Vec<TaggedSentence>,
    test: Option<Vec<TaggedSentence>>,
}

impl Job for TokenClassifyJob {
    type Recipe = TokenClassifyRecipe;
    type Task<'a> = TagTask<'a>;
    type Model = TokenClassifier;
    const HEAD: Head = Head::TokenClassifier;

    fn load(
        recipe: &TokenClassifyRecipe,
        setup: &Setup<'_>,
        events: &mut dyn Events,
    ) -> Result<Self, RunError> {
        let section = &recipe.data;
        let read = |name: &str| data::tagged(name, &section.columns(), setup.assets);
        let train = read(&section.train)?;
        let labels = label_set(section, &train)?;
        let valid = read(&section.valid)?;
        let test = section.test.as_deref().map(read).transpose()?;
        if let (Some(name), Some(test)) = (&section.test, &test) {
            test.iter().try_for_each(|words| classes(name, words, &labels).map(drop))?;
        }
        let lines: Vec<String> = train.iter().map(text).collect();
        let lines = lines.iter().map(String::as_str);
        let tokenizer = tokenizer::load(&recipe.tokenizer, recipe.init.as_deref(), setup, lines)?;
        let positions = positions(recipe)?;
        let max_len = section.max_len.unwrap_or(positions);
        check_length("data.max_len", max_len, positions)?;
        let examples = |name: &str, sentences: &[TaggedSentence]| {
            examples(&tokenizer, name, sentences, &labels, max_len)
        };
        let (encoded, too_long) = examples(&section.train, &train)?;
        let (valid_encoded, _) = examples(&section.valid, &valid)?;
        events.on_event(Event::Message(format!(
            "data: {} training sentences, {} valid, {} test; {too_long} truncated (more than {max_len} tokens); labels {}",
            train.len(),
            valid.len(),
            test.as_ref().map_or(0, Vec::len),
            labels.names().join(", "),
        )));
        events.on_event(Event::Message(format!("vocabulary: {} tokens", tokenizer.vocab_size())));
        Ok(Self {
            kept: Kept::of(recipe.init.as_deref())?,
            recipe: recipe.clone(),
            labels: labels.names().to_vec(),
            train: encoded,
            valid: valid_encoded,
            valid_sentences: valid,
            test,
            tokenizer,
        })
    }

    fn model(&self, device: &Device, events: &mut dyn Events) -> Result<TokenClassifier, RunError> {
        let seed = self.recipe.train.seed;
        let Some(init) = &self.recipe.init else {
            let pad_id = self.tokenizer.special().require(SpecialRole::Pad)?;
            let config = self.recipe.model.encoder(self.tokenizer.vocab_size(), pad_id);
            let dropout = self.recipe.model.classifier_head(self.labels.len()).dropout;
            let model = TokenClassifier::new(config.skeleton(device), self.labels.len(), dropout)
                .with_labels(self.labels.clone());
            return Ok(initialize(model, Initialization::Bert, seed, Some(pad_id)));
        };
        let files = model_files(Path::new(init), None)?;
        if files.directory()?.head == Head::TokenClassifier {
            let model = TokenClassifier::from_files(&files, device)?;
            if model.labels() == self.labels {
                return Ok(model);
            }
        }
        let model = TokenClassifier::with_new_classes(&files, self.labels.clone(), device)?;
        Ok(parameters::initialize_new(model, seed, paths::is_head, events))
    }

    fn task(&self) -> TagTask<'_> {
        TagTask { examples: &self.train, loss: self.recipe.train.cross_entropy() }
    }

    fn batching(&self, train: &TrainSection) -> Batching {
        train.batching(lengths(&self.train))
    }

    fn validate(
        &self,
        model: &TokenClassifier,
        events: &mut dyn Events,
    ) -> Result<Vec<MetricValue>, RunError> {
        let task = TagTask { examples: &self.valid, loss: CrossEntropy::default() };
        let loss = MetricValue::new(&metric::LOSS, mean_loss(&task, &lengths(&self.valid), model));
        let tagger = Tagger::new(model.clone(), self.tokenizer.clone());
        let progress = &mut validating(events, self.valid_sentences.len(), "sentences");
        let report = token_classification(&tagger, &self.valid_sentences, progress)?;
        Ok(std::iter::once(loss).chain(report.metrics).collect())
    }

    fn save(&self, model: &TokenClassifier, dir: &Path) -> Result<(), RunError> {
        model.save_pretrained(dir, |dir| self.kept.complete(dir, &self.tokenizer, &Map::new()))
    }

    fn test(
        &self,
        model: &Path,
        device: &Device,
        events: &mut dyn Events,
    ) -> Result<Option<Report>, RunError> {
        let Some(test) = &self.test else { return Ok(None) };
        let tagger = Tagger::from_pretrained(model, device)?;
        let progress = &mut tested(events, test.len(), "sentences");
        token_classification(&tagger, test, progress).map(Some)
    }

    fn evaluate(
        recipe: &TokenClassifyRecipe,
        evaluation: Evaluation<'_>,
    ) -> Result<Report, RunError> {
        evaluate::on_file(recipe, evaluation)
    }
}

/// The number of positions of the model.
fn positions(recipe: &TokenClassifyRecipe) -> Result<usize, RunError> {
    let Some(init) = &recipe.init else {
        return Ok(recipe.model.encoder(1, 0).stack.max_len);
    };
    let directory = model_files(Path::new(init), None)?.directory()?;
    Ok(directory.config.stack().max_len)
}

/// The tags of the recipe, or those of the training sentences.
fn label_set(section: &TaggedSection, train: &[TaggedSentence]) -> Result<LabelSet, DataError> {
    match &section.labels {
        Some(labels) => LabelSet::from_names(labels.clone()),
        None => LabelSet::of(train.iter().flatten().map(|word| word.tag.as_str())),
    }
}

/// The words of a sentence as text.
fn text(words: &TaggedSentence) -> String {
    words.iter().map(|word| word.word.as_str()).collect::<Vec<_>>().join(" ")
}

/// The class of each word of a sentence of the file `name`.
fn classes(name: &str, words: &TaggedSentence, labels: &LabelSet) -> Result<Vec<u32>, DataError> {
    let class = |word: &crosshead_data::TaggedWord| {
        labels.class(&word.tag).ok_or_else(|| DataError::UnseenLabel {
            name: name.to_owned(),
            line: word.line,
            label: word.tag.clone(),
            known: labels.names().join(", "),
        })
    };
    words.iter().map(class).collect()
}

/// Sentences as ids of at most `max_len` tokens, with the class of each word at its first token, and how many were truncated.
fn examples(
    tokenizer: &Tokenizer,
    name: &str,
    sentences: &[TaggedSentence],
    labels: &LabelSet,
    max_len: usize,
) -> Result<(Vec<TagExample>, usize), RunError> {
    let mut too_long = 0;
    let mut examples = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let classes = classes(name, sentence, labels)?;
        let words: Vec<&str> = sentence.iter().map(|word| word.word.as_str()).collect();
        let encoding = tokenizer.encode_words_truncated(&words, max_len)?;
        too_long += usize::from(encoding.truncated);
        let mut last = None;
        let of_token = encoding.words.iter().map(|&word| {
            let is_first = word.is_some() && word != last;
            last = word.or(last);
            word.filter(|_| is_first).map(|word| classes[word])
        });
        examples.push(TagExample { classes: of_token.collect(), ids: encoding.ids });
    }
    Ok((examples, too_long))
}

fn lengths(examples: &[TagExample]) -> Vec<Lengths> {
    examples.iter().map(|example| Lengths { source: example.ids.len(), target: 0 }).collect()
}

/// The cross entropy of the classes of each word's first token.
pub(crate) struct TagTask<'a> {
    examples: &'a [TagExample],
    loss: CrossEntropy,
}

impl Task for TagTask<'_> {
    type Model = TokenClassifier;

    fn loss(&self, model: &TokenClassifier, examples: &[usize], mode: Mode) -> Tensor<1> {
        let pad_id = model.encoder.config().pad_id;
        let batch = collate_tags(self.examples, examples, pad_id, IGNORED);
        let tokens = TokenBatch { ids: &batch.ids, lengths: &batch.lengths };
        model.loss(tokens, None, &batch.targets, self.loss, mode)
    }

    fn targets(&self, examples: &[usize]) -> usize {
        examples.iter().flat_map(|&index| self.examples[index].classes.iter().flatten()).count()
    }

    fn tokens(&self, examples: &[usize]) -> usize {
        examples.iter().map(|&index| self.examples[index].ids.len()).sum()
    }
}
