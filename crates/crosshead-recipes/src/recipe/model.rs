//! The `[model]` section.

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_models::{
    CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, InvalidField, ModelConfig,
    PositionKind, StackConfig, presets,
};
use crosshead_position::RotaryConfig;
use serde::{Deserialize, Serialize};

use super::key::InvalidKey;
use super::preset::{ModelKind, Preset};

/// The family of a decoder-only model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CausalFamily {
    /// Learned positions, layer norms, GELU (Radford et al. 2019).
    Gpt2,
    /// Rotary positions, root-mean-square norms, gated units, no biases (Touvron et al. 2023).
    Llama,
}

/// The model's shape: a preset and what differs from it. Which keys have a meaning depends on the task's kind of model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSection {
    /// The shape that holds where a key is absent.
    pub preset: Option<Preset>,
    /// The family of a decoder-only model.
    pub family: Option<CausalFamily>,
    /// Features of a token's vector.
    pub d_model: Option<usize>,
    /// Features between the two products of a feed-forward sub-layer.
    pub d_ff: Option<usize>,
    /// Attention heads.
    pub n_heads: Option<usize>,
    /// Layers of an encoder or of a decoder-only model.
    pub n_layers: Option<usize>,
    /// Layers of an encoder-decoder's encoder.
    pub n_encoder_layers: Option<usize>,
    /// Layers of an encoder-decoder's decoder.
    pub n_decoder_layers: Option<usize>,
    /// The most positions the model promises to handle.
    pub max_len: Option<usize>,
    /// Where the norms of an encoder-decoder stand.
    pub norm_order: Option<NormOrder>,
    /// The activation of the feed-forward sub-layers.
    pub activation: Option<Activation>,
    /// The probability of dropping an element of an embedding or a sub-layer's output.
    pub dropout: Option<f64>,
    /// The probability of dropping an attention weight.
    pub attention_dropout: Option<f64>,
    /// The probability of dropping an element inside a feed-forward sub-layer.
    pub activation_dropout: Option<f64>,
    /// The probability of dropping an element of the vector that a classification head reads.
    pub head_dropout: Option<f64>,
}

/// Keys that only some kinds of model have.
const KEYS_OF_KINDS: [(&str, &[ModelKind]); 7] = [
    ("family", &[ModelKind::Causal]),
    ("n_layers", &[ModelKind::Encoder, ModelKind::Causal]),
    ("n_encoder_layers", &[ModelKind::EncoderDecoder]),
    ("n_decoder_layers", &[ModelKind::EncoderDecoder]),
    ("norm_order", &[ModelKind::EncoderDecoder]),
    ("activation_dropout", &[ModelKind::EncoderDecoder]),
    ("head_dropout", &[ModelKind::Encoder]),
];

impl ModelSection {
    /// Checks that the keys have a meaning, and fills in the preset; a pretrained model has its shape and leaves nothing
    /// to say.
    pub(crate) fn resolve(&mut self, kind: ModelKind, init: bool) -> Result<(), InvalidKey> {
        let given = toml::Table::try_from(&*self).unwrap_or_default();
        let wrong = |key: &str, reason: &str| Err(InvalidKey::new(format!("model.{key}"), reason));
        if let Some(key) = given.keys().next().filter(|_| init) {
            return wrong(key, "init brings the model's shape; leave this key out");
        }
        if let Some((key, _)) = KEYS_OF_KINDS
            .iter()
            .find(|(key, kinds)| given.contains_key(*key) && !kinds.contains(&kind))
        {
            return wrong(key, kind.other_keys());
        }
        if init {
            return Ok(());
        }
        if self.preset.get_or_insert_default().name(kind).is_none() {
            return wrong("preset", &kind.presets());
        }
        if self.activation == Some(Activation::Identity) {
            return wrong(
                "activation",
                "a feed-forward sub-layer needs one that is not the identity",
            );
        }
        match kind {
            ModelKind::EncoderDecoder => self.encoder_decoder(LARGE_VOCABULARY).check(),
            ModelKind::Encoder => self.encoder(LARGE_VOCABULARY, 0).check(),
            ModelKind::Causal => self.causal(LARGE_VOCABULARY, 1).check(),
        }
        .map_err(|InvalidField { key, reason }| InvalidKey::new(format!("model.{key}"), reason))
    }

    /// The configuration of the preset.
    fn base(&self, kind: ModelKind) -> ModelConfig {
        self.preset
            .unwrap_or_default()
            .name(kind)
            .and_then(presets::find)
            .unwrap_or_else(|| unreachable!("a recipe's preset is one of its kind of model"))
            .config()
    }

    /// An encoder-decoder over a vocabulary.
    pub fn encoder_decoder(&self, vocab_size: usize) -> EncoderDecoderConfig {
        let ModelConfig::EncoderDecoder(base) = self.base(ModelKind::EncoderDecoder) else {
            unreachable!("the preset is an encoder-decoder")
        };
        EncoderDecoderConfig {
            n_encoder_layers: self.n_encoder_layers.unwrap_or(base.n_encoder_layers),
            n_decoder_layers: self.n_decoder_layers.unwrap_or(base.n_decoder_layers),
            stack: self.stack(base.stack),
            ..EncoderDecoderConfig::new(vocab_size)
        }
    }

    /// An encoder of BERT's shape over a vocabulary.
    pub fn encoder(&self, vocab_size: usize, pad_id: u32) -> EncoderConfig {
        let ModelConfig::MaskedLm(base) = self.base(ModelKind::Encoder) else {
            unreachable!("the preset is an encoder")
        };
        EncoderConfig {
            vocab_size,
            stack: self.stack(base.stack),
            n_layers: self.n_layers.unwrap_or(base.n_layers),
            pad_id,
            ..base
        }
    }

    /// A decoder-only model over a vocabulary, reading `context` tokens at once where `max_len` is absent.
    pub fn causal(&self, vocab_size: usize, context: usize) -> CausalLmConfig {
        let ModelConfig::CausalLm(base) = self.base(ModelKind::Causal) else {
            unreachable!("the preset is a causal language model")
        };
        let mut stack = self.stack(StackConfig { max_len: context, ..base.stack });
        if self.family == Some(CausalFamily::Llama) {
            stack = llama(stack, self.activation.is_some());
        }
        CausalLmConfig {
            vocab_size,
            stack,
            n_layers: self.n_layers.unwrap_or(base.n_layers),
            bos_id: None,
            eos_id: None,
            ..base
        }
    }

    /// The head of a classifier over `n_classes` classes.
    pub fn classifier_head(&self, n_classes: usize) -> ClassifierHead {
        let head = ClassifierHead::new(n_classes);
        ClassifierHead {
            dropout: self.head_dropout.map_or(head.dropout, |value| value as f32),
            ..head
        }
    }

    /// The layers of a preset with what differs from them.
    fn stack(&self, base: StackConfig) -> StackConfig {
        let probability =
            |value: Option<f64>, default: f32| value.map_or(default, |value| value as f32);
        StackConfig {
            d_model: self.d_model.unwrap_or(base.d_model),
            d_ff: self.d_ff.unwrap_or(base.d_ff),
            n_heads: self.n_heads.unwrap_or(base.n_heads),
            max_len: self.max_len.unwrap_or(base.max_len),
            norm_order: self.norm_order.unwrap_or(base.norm_order),
            activation: self.activation.unwrap_or(base.activation),
            dropout: probability(self.dropout, base.dropout),
            attention_dropout: probability(self.attention_dropout, base.attention_dropout),
            activation_dropout: probability(self.activation_dropout, base.activation_dropout),
            ..base
        }
    }
}

/// The size by which shapes are checked before the tokenizer is known.
const LARGE_VOCABULARY: usize = 6000;

/// The same sizes in Llama's layers.
fn llama(stack: StackConfig, keep_activation: bool) -> StackConfig {
    StackConfig {
        qkv_bias: false,
        attention_out_bias: false,
        positions: PositionKind::Rotary(RotaryConfig::new(stack.d_head())),
        norm: NormKind::Rms,
        activation: if keep_activation { stack.activation } else { Activation::Silu },
        gated: true,
        feed_forward_bias: false,
        ..stack
    }
}
