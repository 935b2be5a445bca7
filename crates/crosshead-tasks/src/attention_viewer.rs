//! Attention maps of any model.

use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{AttentionKind, CausalLm, ComputeType, Encoder};
use crosshead_tokenize::{SpannedEncoding, Tokenizer};

use crate::attention::{AttentionMaps, Axes, Axis, checked, layers};
use crate::directory::check_vocabulary;
use crate::{Embedder, ModelTask, TaskError, TextToText, model_files};

/// Any model with its tokenizer, to look at its attention.
#[derive(Debug)]
pub struct AttentionViewer {
    model: Model,
}

/// A model of one of the three architectures.
#[derive(Debug)]
enum Model {
    EncoderDecoder(Box<TextToText>),
    Encoder { model: Box<Encoder>, tokenizer: Tokenizer, max_len: usize },
    CausalLm { model: Box<CausalLm>, tokenizer: Tokenizer },
}

impl AttentionViewer {
    /// Loads a model directory, or the best model of a run directory.
    ///
    /// # Errors
    /// If the directory contains no model, or one of its files is missing or malformed.
    pub fn from_pretrained(dir: impl AsRef<Path>, device: &Device) -> Result<Self, TaskError> {
        Self::with_adapter(dir, None, device)
    }

    /// [`from_pretrained`](Self::from_pretrained) with an adapter of the model, a directory of PEFT, if given.
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if the adapter does not fit the model.
    pub fn with_adapter(
        dir: impl AsRef<Path>,
        adapter: Option<&Path>,
        device: &Device,
    ) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        let files = || model_files(dir, adapter);
        Ok(match ModelTask::of(dir)? {
            ModelTask::Translation | ModelTask::Summarization => {
                TextToText::from_files(&files()?, device)?.into()
            }
            ModelTask::Generation => {
                let files = files()?;
                let tokenizer = Tokenizer::from_dir(files.dir())?;
                let model = CausalLm::from_files(&files, device)?;
                check_vocabulary(files.dir(), &tokenizer, model.config().vocab_size)?;
                Self::of_causal_lm(model, tokenizer)
            }
            ModelTask::Classification | ModelTask::TokenClassification | ModelTask::FillMask => {
                let files = files()?;
                let tokenizer = Tokenizer::from_dir(files.dir())?;
                let model = Encoder::from_files(&files, device)?;
                check_vocabulary(files.dir(), &tokenizer, model.config().vocab_size)?;
                Self::of_encoder(model, tokenizer)
            }
            ModelTask::Embedding => {
                let (model, tokenizer, max_len) =
                    Embedder::with_adapter(dir, adapter, device)?.into_encoder();
                Self { model: Model::Encoder { model: Box::new(model), tokenizer, max_len } }
            }
        })
    }

    /// A viewer of an encoder outside autodiff. The encoder of a model with a head is its field `encoder`.
    pub fn of_encoder(model: Encoder, tokenizer: Tokenizer) -> Self {
        let max_len = model.config().stack.max_len;
        Self { model: Model::Encoder { model: Box::new(model), tokenizer, max_len } }
    }

    /// A viewer of a causal language model outside autodiff.
    pub fn of_causal_lm(model: CausalLm, tokenizer: Tokenizer) -> Self {
        Self { model: Model::CausalLm { model: Box::new(model), tokenizer } }
    }

    /// Sets the compute type of the model. Default: the type stored in the files.
    pub fn with_compute_type(self, compute_type: ComputeType) -> Self {
        let model = match self.model {
            Model::EncoderDecoder(task) => {
                Model::EncoderDecoder(Box::new(task.with_compute_type(compute_type)))
            }
            Model::Encoder { model, tokenizer, max_len } => {
                Model::Encoder { model: Box::new(compute_type.apply(*model)), tokenizer, max_len }
            }
            Model::CausalLm { model, tokenizer } => {
                Model::CausalLm { model: Box::new(compute_type.apply(*model)), tokenizer }
            }
        };
        Self { model }
    }

    /// The attention of all layers and heads in a text.
    ///
    /// An encoder-decoder also takes a target; without one, it writes its own, as in
    /// [`TextToText::write`]. An encoder takes a second text, with which the first forms a pair. Texts that are too long are
    /// truncated.
    ///
    /// # Errors
    /// If the text has no tokens, a causal language model is given a target, or a translation fails.
    pub fn maps(&self, source: &str, target: Option<&str>) -> Result<AttentionMaps, TaskError> {
        match &self.model {
            Model::EncoderDecoder(task) => task.attention(source, target),
            Model::Encoder { model, tokenizer, max_len } => {
                encoder_maps(model, tokenizer, *max_len, source, target)
            }
            Model::CausalLm { model, tokenizer } => match target {
                None => causal_maps(model, tokenizer, source),
                Some(_) => Err(TaskError::NoAttentionTarget),
            },
        }
    }
}

impl From<TextToText> for AttentionViewer {
    fn from(task: TextToText) -> Self {
        Self { model: Model::EncoderDecoder(Box::new(task)) }
    }
}

fn encoder_maps(
    model: &Encoder,
    tokenizer: &Tokenizer,
    max_len: usize,
    first: &str,
    second: Option<&str>,
) -> Result<AttentionMaps, TaskError> {
    let SpannedEncoding { ids, types, spans, truncated } =
        tokenizer.encode_pair_with_spans(first, second.unwrap_or_default(), max_len)?;
    let lengths = [ids.len()];
    let tokens = checked(first, &ids, &lengths)?;
    // Without types the tokens are all of type 0; a model with one type has no others.
    let types = (model.config().n_token_types > 1).then_some(&types[..]);
    let weights = model.attention(tokens, types);
    let texts = [Some(first), second].into_iter().flatten().map(str::to_owned).collect();
    let axis = Axis::new(tokenizer, texts, &ids, &spans);
    let axes = Axes { kind: AttentionKind::Encoder, queries: axis.clone(), keys: axis };
    Ok(AttentionMaps {
        source: first.to_owned(),
        target: second.map(str::to_owned),
        truncated,
        layers: layers(&weights, vec![axes]),
    })
}

fn causal_maps(
    model: &CausalLm,
    tokenizer: &Tokenizer,
    text: &str,
) -> Result<AttentionMaps, TaskError> {
    let SpannedEncoding { ids, spans, truncated, .. } =
        tokenizer.encode_with_spans(text, model.config().stack.max_len)?;
    let lengths = [ids.len()];
    let weights = model.attention(checked(text, &ids, &lengths)?);
    let axis = Axis::new(tokenizer, vec![text.to_owned()], &ids, &spans);
    let axes = Axes { kind: AttentionKind::Decoder, queries: axis.clone(), keys: axis };
    Ok(AttentionMaps {
        source: text.to_owned(),
        target: None,
        truncated,
        layers: layers(&weights, vec![axes]),
    })
}
