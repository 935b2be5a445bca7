//! Loading and saving encoders and their heads.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use crosshead_weights::{TensorSource, parameters};
use serde_json::json;

use super::config_file::ConfigFile;
use super::families::{self, Config, ENCODERS, EncoderFamily};
use super::load::Weights;
use super::{Head, labels, save, write_model};
use crate::{
    ClassifierHead, Encoder, EncoderConfig, MaskedLm, ModelError, ProblemType, SequenceClassifier,
    TokenClassifier, paths,
};

/// An opened model directory of an encoder.
struct Directory {
    file: ConfigFile,
    family: &'static dyn EncoderFamily,
    config: EncoderConfig,
    checkpoint: TensorSource,
}

impl Directory {
    fn open(dir: &Path) -> Result<Self, ModelError> {
        let file = ConfigFile::open(dir)?;
        let family = families::find(ENCODERS, &file)?;
        let config = families::read(family, &file)?;
        Ok(Self { file, family, config, checkpoint: TensorSource::open(dir)? })
    }

    fn labels(&self) -> Result<Vec<String>, ModelError> {
        labels::read(&self.file)
    }

    fn problem_type(&self, n_classes: usize) -> Result<Option<ProblemType>, ModelError> {
        labels::problem_type(&self.file, n_classes)
    }

    fn classifier(&self, n_classes: usize) -> Result<ClassifierHead, ModelError> {
        self.family.classifier(&self.file, n_classes)
    }

    /// Loads the model with the head that `model` adds to the encoder.
    fn load<M: Module>(
        &self,
        head: Head,
        device: &Device,
        model: impl FnOnce(Encoder) -> M,
    ) -> Result<M, ModelError> {
        let in_model = |path: String| match head {
            Head::Encoder | Head::Seq2SeqLm | Head::CausalLm => path,
            Head::MaskedLm | Head::SequenceClassifier | Head::TokenClassifier => {
                paths::under_head(&path)
            }
        };
        let expected = self.config.expected_shapes().into_iter();
        let expected: Vec<_> = expected.map(|(path, shape)| (in_model(path), shape)).collect();
        let weights = Weights::new(&self.checkpoint, self.family.names(&self.config, head));
        weights.fill(|device| model(self.config.skeleton(device)), &expected, device)
    }
}

/// The classification head of a model, its labels and its problem type.
struct Classes<'a> {
    head: ClassifierHead,
    labels: &'a [String],
    problem_type: Option<ProblemType>,
}

/// Writes a model directory of an encoder with a head.
fn save_encoder<M: Module, E: From<ModelError> + From<std::io::Error>>(
    model: &M,
    config: &EncoderConfig,
    head: Head,
    classifier: Option<Classes<'_>>,
    dir: &Path,
    extra: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let (family, keys) = families::write(ENCODERS, config, head, dir, |family, keys| {
        if let Some(Classes { head: classifier, labels, problem_type }) = &classifier {
            keys.extend(match head {
                Head::TokenClassifier => family.write_token_dropout(classifier.dropout)?,
                Head::SequenceClassifier
                | Head::Encoder
                | Head::MaskedLm
                | Head::Seq2SeqLm
                | Head::CausalLm => family.write_classifier(classifier)?,
            });
            keys.extend(labels::write(labels));
            if let Some(problem_type) = problem_type {
                keys.insert("problem_type".to_owned(), json!(problem_type));
            }
        }
        Some(())
    });
    let names = family.names(config, head);
    write_model(dir, keys, extra, |dir| save::save(model, &names, Vec::new(), dir))
}

impl Encoder {
    /// Loads the encoder of a model directory, whatever its head, from `config.json` and the weights (see
    /// [`TensorSource::open`]).
    ///
    /// # Errors
    /// If a file is missing or malformed, or the files do not match. The error names the file, and the tensor or key.
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        Directory::open(dir)?.load(Head::Encoder, device, |encoder| encoder)
    }

    /// Writes a model directory that this crate and `transformers` can load. `extra` adds files, such as a tokenizer.
    ///
    /// The directory is replaced atomically.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        save_encoder(self, self.config(), Head::Encoder, None, dir, extra)
    }
}

impl MaskedLm {
    /// Loads an encoder with a masked language modeling head from a model directory.
    ///
    /// # Errors
    /// See [`Encoder::from_pretrained`].
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        Directory::open(dir)?.load(Head::MaskedLm, device, Self::new)
    }

    /// Writes a model directory; see [`Encoder::save_pretrained`].
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        save_encoder(self, self.encoder.config(), Head::MaskedLm, None, dir, extra)
    }
}

impl SequenceClassifier {
    /// Loads an encoder with a sequence classification head and its labels from a model directory.
    ///
    /// # Errors
    /// See [`Encoder::from_pretrained`].
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        let directory = Directory::open(dir)?;
        let labels = directory.labels()?;
        let head = directory.classifier(labels.len())?;
        let problem_type = directory.problem_type(labels.len())?;
        directory.load(Head::SequenceClassifier, device, |encoder| {
            Self::new(encoder, head).with_labels(labels).with_problem_type(problem_type)
        })
    }

    /// Builds a classifier with new labels on the encoder of a model directory, for fine-tuning. The pooler is loaded
    /// if the directory has one, as in BERT. `problem_type` is taken from the directory.
    ///
    /// Also returns the paths of the parameters that the directory does not have: the last projection, and the pooler.
    /// Draw them with [`initialize_where`](crate::initialize_where).
    ///
    /// # Errors
    /// See [`Encoder::from_pretrained`].
    pub fn with_new_classes(
        dir: &Path,
        labels: Vec<String>,
        device: &Device,
    ) -> Result<(Self, Vec<String>), ModelError> {
        let directory = Directory::open(dir)?;
        let head = directory.classifier(labels.len())?;
        let encoder = directory.load(Head::Encoder, device, |encoder| encoder)?;
        let problem_type = directory.problem_type(labels.len())?;
        let model = Self::new(encoder, head).with_labels(labels).with_problem_type(problem_type);
        let shapes = parameters::shapes(&model).into_iter();
        let of_head: Vec<String> =
            shapes.map(|(path, _)| path).filter(|path| paths::is_head(path)).collect();
        let (pooler, mut new): (Vec<String>, Vec<String>) =
            of_head.into_iter().partition(|path| paths::is_pooler(path));
        let names = directory.family.names(&directory.config, Head::SequenceClassifier);
        let (model, missing) =
            Weights::new(&directory.checkpoint, names).fill_known(model, &pooler)?;
        new.extend(missing);
        Ok((model, new))
    }

    /// Writes a model directory; see [`Encoder::save_pretrained`].
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let (labels, problem_type) = (self.labels(), self.problem_type());
        let classifier = Some(Classes { head: self.head(), labels, problem_type });
        let (config, head) = (self.encoder.config(), Head::SequenceClassifier);
        save_encoder(self, config, head, classifier, dir, extra)
    }
}

impl TokenClassifier {
    /// Loads an encoder with a token classification head and its labels from a model directory.
    ///
    /// # Errors
    /// See [`Encoder::from_pretrained`].
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        let directory = Directory::open(dir)?;
        let labels = directory.labels()?;
        let dropout = directory.family.token_dropout(&directory.file)?;
        directory.load(Head::TokenClassifier, device, |encoder| {
            Self::new(encoder, labels.len(), dropout).with_labels(labels)
        })
    }

    /// Builds a token classifier with new labels on the encoder of a model directory, for fine-tuning. The head is new: draw
    /// its weights with [`initialize_where`](crate::initialize_where).
    ///
    /// # Errors
    /// See [`Encoder::from_pretrained`].
    pub fn with_new_classes(
        dir: &Path,
        labels: Vec<String>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let directory = Directory::open(dir)?;
        let dropout = directory.family.token_dropout(&directory.file)?;
        let encoder = directory.load(Head::Encoder, device, |encoder| encoder)?;
        Ok(Self::new(encoder, labels.len(), dropout).with_labels(labels))
    }

    /// Writes a model directory; see [`Encoder::save_pretrained`].
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let labels = self.labels();
        let head = ClassifierHead { dropout: self.dropout(), ..ClassifierHead::new(labels.len()) };
        let classifier = Some(Classes { head, labels, problem_type: None });
        let config = self.encoder.config();
        save_encoder(self, config, Head::TokenClassifier, classifier, dir, extra)
    }
}
