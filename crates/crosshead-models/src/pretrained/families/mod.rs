//! The model families of `transformers`. Each is one value, which defines the meaning of its `config.json` and the
//! names of its weights.

mod activation;
mod albert;
mod bart;
mod bert;
mod crosshead;
mod distilbert;
mod gpt2;
mod llama;
mod roberta;
mod rope;
mod t5;

use std::path::Path;

use serde_json::{Map, Value, json};

use super::Head;
use super::config_file::ConfigFile;
use super::names::Names;
use crate::{
    CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, InvalidField, ModelError,
    PositionKind, StackConfig,
};

/// A model family with configurations of type `C`.
pub(super) trait Family<C>: Sync {
    /// `model_type` of `config.json`.
    fn model_type(&self) -> &'static str;

    /// The class in transformers with this head, if there is one.
    fn architecture(&self, head: Head) -> Option<&'static str>;

    /// Reads the configuration of a `config.json`.
    fn read(&self, file: &ConfigFile) -> Result<C, ModelError>;

    /// The keys of `config.json` for a configuration. The family is used only if reading them back gives the same
    /// configuration.
    fn write(&self, config: &C) -> Option<Map<String, Value>>;

    /// The names of the weights.
    fn names(&self, config: &C, head: Head) -> Names;

    /// Our names for sizes and ids and the corresponding keys of the family, for messages.
    fn keys(&self) -> &'static [(&'static str, &'static str)];
}

/// A family of encoders.
pub(super) trait EncoderFamily: Family<EncoderConfig> {
    /// Reads the sequence classification head.
    fn classifier(&self, file: &ConfigFile, n_classes: usize)
    -> Result<ClassifierHead, ModelError>;

    /// The keys of the sequence classification head, if the family can express it.
    fn write_classifier(&self, head: &ClassifierHead) -> Option<Map<String, Value>>;

    /// Reads the dropout probability of the token classification head.
    fn token_dropout(&self, file: &ConfigFile) -> Result<f32, ModelError> {
        Ok(self.classifier(file, 1)?.dropout)
    }

    /// The keys of the token classification head, if the family can express it.
    fn write_token_dropout(&self, dropout: f32) -> Option<Map<String, Value>> {
        self.write_classifier(&ClassifierHead { dropout, ..ClassifierHead::new(1) })
    }
}

/// The families of encoder-decoders. A model is saved as the first family that can express it.
pub(super) static ENCODER_DECODERS: &[&dyn Family<EncoderDecoderConfig>] = &[
    &bart::MARIAN,
    &bart::PEGASUS,
    &bart::BART,
    &bart::MBART,
    &bart::M2M_100,
    &t5::T5,
    &t5::MT5,
    &crosshead::Crosshead,
];

/// The families of causal language models, in the order of preference for saving.
pub(super) static CAUSAL_LMS: &[&dyn Family<CausalLmConfig>] = &[
    &gpt2::Gpt2,
    &llama::Variant::Llama,
    &llama::Variant::Mistral,
    &llama::Variant::Qwen2,
    &crosshead::Crosshead,
];

/// The families of encoders, in the order of preference for saving.
pub(super) static ENCODERS: &[&dyn EncoderFamily] = &[
    &bert::Bert,
    &roberta::ROBERTA,
    &roberta::XLM_ROBERTA,
    &roberta::CAMEMBERT,
    &distilbert::DistilBert,
    &albert::Albert,
    &crosshead::Crosshead,
];

/// The configuration of one kind of model.
pub(super) trait Config: PartialEq + Sized + 'static {
    /// The name of the kind, for messages.
    const KIND: &'static str;

    /// Reports the first invalid field.
    fn check(&self) -> Result<(), InvalidField>;

    /// A few parameters, with their shapes, that cover every size in the configuration.
    fn expected_shapes(&self) -> Vec<(String, Vec<usize>)>;
}

/// Finds the family of a file, out of those of one kind.
pub(super) fn find<'a, C: Config, F: Family<C> + ?Sized>(
    families: &[&'a F],
    file: &ConfigFile,
) -> Result<&'a F, ModelError> {
    let found = families.iter().find(|family| family.model_type() == file.model_type);
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = families.iter().map(|family| family.model_type()).collect();
        let reason = format!(
            "{} is not a supported {}; the supported ones are {}",
            file.model_type,
            C::KIND,
            known.join(", ")
        );
        file.wrong("model_type", reason)
    })
}

/// Reads and checks the configuration of a file.
pub(super) fn read<C: Config>(
    family: &(impl Family<C> + ?Sized),
    file: &ConfigFile,
) -> Result<C, ModelError> {
    let config = family.read(file)?;
    config.check().map_err(|InvalidField { key, reason }| {
        let theirs = family.keys().iter().find(|(ours, _)| *ours == key);
        file.wrong(theirs.map_or(key, |&(_, theirs)| theirs), reason)
    })?;
    Ok(config)
}

/// The first family that can express a model, with the keys of its `config.json`. `extend` adds the keys of the head,
/// or returns `None` if the family cannot express the head.
pub(super) fn write<'a, C: Config, F: Family<C> + ?Sized>(
    families: &[&'a F],
    config: &C,
    head: Head,
    dir: &Path,
    extend: impl Fn(&F, &mut Map<String, Value>) -> Option<()>,
) -> (&'a F, Map<String, Value>) {
    let expressed = |family: &&'a F| {
        let mut keys = Map::new();
        keys.insert("model_type".to_owned(), json!(family.model_type()));
        keys.insert("architectures".to_owned(), json!([family.architecture(head)?]));
        keys.extend(family.write(config)?);
        extend(family, &mut keys)?;
        keys.insert("torch_dtype".to_owned(), json!("float32"));
        let file = ConfigFile::of(dir.join("config.json"), keys.clone()).ok()?;
        (family.read(&file).ok()? == *config).then_some((*family, keys))
    };
    families.iter().find_map(expressed).expect("the family `crosshead` expresses every model")
}

/// The class in transformers of a family with a head.
pub(super) fn architecture(model_type: &str, head: Head) -> Option<&'static str> {
    fn of<C, F: Family<C> + ?Sized>(
        families: &[&F],
        model_type: &str,
        head: Head,
    ) -> Option<&'static str> {
        families.iter().find(|family| family.model_type() == model_type)?.architecture(head)
    }
    match head {
        Head::Seq2SeqLm => of(ENCODER_DECODERS, model_type, head),
        Head::CausalLm => of(CAUSAL_LMS, model_type, head),
        Head::MaskedLm | Head::SequenceClassifier | Head::TokenClassifier | Head::Encoder => {
            of(ENCODERS, model_type, head)
        }
    }
}

/// Paths and shapes of the embedding, and of parameters in the input and the last layer of each stack. A stack is
/// described by its path, the path of its input and its number of layers.
fn expected_shapes(
    vocab_size: usize,
    stack: &StackConfig,
    stacks: &[(&str, &str, usize)],
) -> Vec<(String, Vec<usize>)> {
    let mut shapes = vec![("embedding".to_owned(), vec![vocab_size, stack.d_model])];
    for (name, input, n_layers) in stacks {
        let layer = format!("{name}.layers.{}", n_layers - 1);
        let width = stack.n_heads * stack.d_head();
        shapes.push((format!("{layer}.self_attn.q_proj.weight"), vec![width, stack.d_model]));
        shapes.push((format!("{layer}.feed_forward.up.weight"), vec![stack.d_ff, stack.d_model]));
        match stack.positions {
            PositionKind::Learned { offset } => {
                let shape = vec![offset + stack.max_len, stack.d_model];
                shapes.push((format!("{input}.positions.weight"), shape));
            }
            PositionKind::Relative { n_buckets, .. } => {
                let shape = vec![n_buckets, stack.n_heads];
                shapes.push((format!("{name}.position_bias.weight"), shape));
            }
            PositionKind::None
            | PositionKind::Sinusoidal { .. }
            | PositionKind::Rotary(_)
            | PositionKind::Alibi => {}
        }
    }
    shapes
}

impl Config for EncoderDecoderConfig {
    const KIND: &'static str = "encoder-decoder";

    fn check(&self) -> Result<(), InvalidField> {
        self.check()
    }

    fn expected_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let stacks = [
            ("encoder", "encoder_input", self.n_encoder_layers),
            ("decoder", "decoder_input", self.n_decoder_layers),
        ];
        expected_shapes(self.vocab_size, &self.stack, &stacks)
    }
}

impl Config for CausalLmConfig {
    const KIND: &'static str = "causal language model";

    fn check(&self) -> Result<(), InvalidField> {
        self.check()
    }

    fn expected_shapes(&self) -> Vec<(String, Vec<usize>)> {
        expected_shapes(self.vocab_size, &self.stack, &[("decoder", "input", self.n_layers)])
    }
}

impl Config for EncoderConfig {
    const KIND: &'static str = "encoder";

    fn check(&self) -> Result<(), InvalidField> {
        self.check()
    }

    fn expected_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let stack = &self.stack;
        let mut shapes =
            expected_shapes(self.vocab_size, stack, &[("encoder", "input", self.n_groups())]);
        for (path, shape) in &mut shapes {
            if path == "embedding" || path == "input.positions.weight" {
                shape[1] = self.d_embedding();
            }
        }
        shapes
    }
}
