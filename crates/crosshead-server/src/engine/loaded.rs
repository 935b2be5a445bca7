//! A model with its weights.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use crosshead_tasks::{
    AttentionViewer, Classifier, ComputeType, Embedder, FillMask, Generator, ModelTask, Tagger,
    TaskError, TextToText,
};

use super::work::WriteOptions;

/// How many sets of options of an encoder-decoder are kept prepared.
const PREPARED: usize = 8;

/// The task type of a model.
#[derive(Debug)]
pub(crate) enum Kind {
    Writer(Box<TextToText>),
    Classifier(Classifier),
    Tagger(Tagger),
    Generator(Box<Generator>),
    FillMask(FillMask),
    Embedder(Embedder),
}

/// A model with its weights, owned by its thread.
pub(crate) struct Loaded {
    pub(crate) kind: Kind,
    dir: PathBuf,
    device: Device,
    compute_type: ComputeType,
    /// The encoder-decoder with options that were used lately.
    prepared: Vec<(WriteOptions, TextToText)>,
    viewer: Option<AttentionViewer>,
}

impl Loaded {
    /// Reads a model.
    ///
    /// # Errors
    /// If one of its files is missing or malformed.
    pub(crate) fn open(
        dir: &Path,
        compute_type: ComputeType,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let kind = match ModelTask::of(dir)? {
            ModelTask::Translation | ModelTask::Summarization => Kind::Writer(Box::new(
                TextToText::from_pretrained(dir, device)?.with_compute_type(compute_type),
            )),
            ModelTask::Classification => Kind::Classifier(
                Classifier::from_pretrained(dir, device)?.with_compute_type(compute_type),
            ),
            ModelTask::TokenClassification => {
                Kind::Tagger(Tagger::from_pretrained(dir, device)?.with_compute_type(compute_type))
            }
            ModelTask::Generation => Kind::Generator(Box::new(
                Generator::from_pretrained(dir, device)?.with_compute_type(compute_type),
            )),
            ModelTask::FillMask => Kind::FillMask(
                FillMask::from_pretrained(dir, device)?.with_compute_type(compute_type),
            ),
            ModelTask::Embedding => Kind::Embedder(
                Embedder::from_pretrained(dir, device)?.with_compute_type(compute_type),
            ),
        };
        let (dir, device) = (dir.to_owned(), device.clone());
        Ok(Self { kind, dir, device, compute_type, prepared: Vec::new(), viewer: None })
    }

    /// The encoder-decoder with these options; none for another model.
    ///
    /// # Errors
    /// If the model does not know the languages.
    pub(crate) fn writer(
        &mut self,
        options: &WriteOptions,
    ) -> Result<Option<&TextToText>, TaskError> {
        let Kind::Writer(writer) = &self.kind else { return Ok(None) };
        let found = self.prepared.iter().position(|(other, _)| other == options);
        let prepared = match found {
            Some(index) => self.prepared.remove(index),
            None => (options.clone(), prepare(writer, options)?),
        };
        self.prepared.insert(0, prepared);
        self.prepared.truncate(PREPARED);
        Ok(self.prepared.first().map(|(_, writer)| writer))
    }

    /// A viewer of the model's attention.
    ///
    /// # Errors
    /// If the model cannot be read.
    pub(crate) fn viewer(&mut self) -> Result<&AttentionViewer, TaskError> {
        let viewer = match (self.viewer.take(), &self.kind) {
            (Some(viewer), _) => viewer,
            (None, Kind::Writer(writer)) => TextToText::clone(writer).into(),
            (None, Kind::Generator(generator)) => AttentionViewer::of_causal_lm(
                generator.model().clone(),
                generator.tokenizer().clone(),
            ),
            (None, _) => AttentionViewer::from_pretrained(&self.dir, &self.device)?
                .with_compute_type(self.compute_type),
        };
        Ok(self.viewer.insert(viewer))
    }
}

/// An encoder-decoder with options.
fn prepare(writer: &TextToText, options: &WriteOptions) -> Result<TextToText, TaskError> {
    let WriteOptions { decode, source, target, alignment } = options;
    // The queue decides what is computed together.
    let mut writer = writer.clone().with_options(decode.clone()).with_batch_size(usize::MAX);
    if *alignment {
        writer = writer.with_alignment(Default::default())?;
    }
    match (source, target) {
        (None, None) => Ok(writer),
        (source, target) => writer.with_languages(source.as_deref(), target.as_deref()),
    }
}
