//! Loading and saving encoders and their heads.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use crosshead_kernels::Linears;
use crosshead_weights::parameters;
use serde_json::json;

use super::config_file::ConfigFile;
use super::families::{self, Config, ENCODERS, EncoderFamily};
use super::load::Weights;
use super::{Head, ModelFiles, labels, save, write_model};
use crate::{
    ClassifierHead, Encoder, EncoderConfig, MaskedLm, ModelError, ProblemType, SequenceClassifier,
    TokenClassifier, paths,
};

/// An opened model directory of an encoder.
struct Directory {
    file: ConfigFile,
    family: &'static dyn EncoderFamily,
    config: EncoderConfig,
    files: ModelFiles,
}

impl Directory {
    fn of(files: &ModelFiles) -> Result<Self, ModelError> {
        let file = ConfigFile::open(files.dir())?;
        let family = families::find(ENCODERS, &file)?;
        let config = families::read(family, &file)?;
        Ok(Self { file, family, config, files: files.clone() })
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

    /// Loads the model with a head that `model` builds from the encoder.
    fn load<M: Module + Linears>(
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
        let names = self.family.names(&self.config, head);
        let checkpoint = self.files.checkpoint(&names)?;
        let weights = Weights::new(&checkpoint, names.clone());
        let model =
            weights.fill(|device| model(self.config.skeleton(device)), &expected, device)?;
        self.files.adapt(model, &names, head)
    }
}

/// The classification head of a model, its labels and its problem type.
struct Classes<'a> {
    head: ClassifierHead,
    labels: &'a [String],
    problem_type: Option<ProblemType>,
}

/// Writes a model directory of an encoder with a head.
fn save_encoder<M: Module + Linears, E: From<ModelError> + From<std::io::Error>>(
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
    write_model(dir, keys, extra, |dir| save::save(model, &names, head, Vec::new(), dir))
}

impl Encoder {
    /// Loads the encoder of a model directory, whatever its head: `config.json` and the weights (see
    /// [`TensorSource::open`](crosshead_weights::TensorSource::open)). Adapter directories of PEFT (LoRA) whose base model is a
    /// directory load too.
    ///
    /// # Errors
    /// If a file is missing or malformed, or the files do not match. The error names the file, and the tensor or key.
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::from_files(&ModelFiles::open(dir)?, device)
    }

    /// Loads the encoder of these files. The updates of an adapter are added to the weights.
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if the adapter does not fit the model.
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, ModelError> {
        Directory::of(files)?.load(Head::Encoder, device, |encoder| encoder)
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
        Self::from_files(&ModelFiles::open(dir)?, device)
    }

    /// Loads the model of these files; see [`Encoder::from_files`].
    ///
    /// # Errors
    /// See [`Encoder::from_files`].
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, ModelError> {
        Directory::of(files)?.load(Head::MaskedLm, device, Self::new)
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
        Self::from_files(&ModelFiles::open(dir)?, device)
    }

    /// Loads the model of these files; see [`Encoder::from_files`].
    ///
    /// # Errors
    /// See [`Encoder::from_files`].
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, ModelError> {
        let directory = Directory::of(files)?;
        let labels = directory.labels()?;
        let head = directory.classifier(labels.len())?;
        let problem_type = directory.problem_type(labels.len())?;
        directory.load(Head::SequenceClassifier, device, |encoder| {
            Self::new(encoder, head).with_labels(labels).with_problem_type(problem_type)
        })
    }

    /// The labels of a model directory, without its weights.
    ///
    /// # Errors
    /// If `config.json` is missing or malformed.
    pub fn labels_of(files: &ModelFiles) -> Result<Vec<String>, ModelError> {
        Directory::of(files)?.labels()
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
        files: &ModelFiles,
        labels: Vec<String>,
        device: &Device,
    ) -> Result<(Self, Vec<String>), ModelError> {
        let directory = Directory::of(files)?;
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
        let checkpoint = directory.files.checkpoint(&names)?;
        let (model, missing) = Weights::new(&checkpoint, names).fill_known(model, &pooler)?;
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
        Self::from_files(&ModelFiles::open(dir)?, device)
    }

    /// Loads the model of these files; see [`Encoder::from_files`].
    ///
    /// # Errors
    /// See [`Encoder::from_files`].
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, ModelError> {
        let directory = Directory::of(files)?;
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
        files: &ModelFiles,
        labels: Vec<String>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let directory = Directory::of(files)?;
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
