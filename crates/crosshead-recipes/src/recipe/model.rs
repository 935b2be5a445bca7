//! The `[model]` section.

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_models::{
    CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, InvalidField, ModelConfig,
    PositionKind, StackConfig, presets,
};
use crosshead_position::RotaryConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::InvalidKey;
use super::preset::{ModelKind, Preset};
use super::write::to_table;

/// The architecture of a decoder-only model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CausalFamily {
    /// Learned positions, LayerNorm, GELU (Radford et al. 2019).
    Gpt2,
    /// Rotary positions, RMSNorm, SwiGLU, no biases (Touvron et al. 2023).
    Llama,
}

/// The shape of the model: a preset, and keys that override it. The available keys depend on the kind of model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSection {
    /// The model size; the other keys override its values.
    pub preset: Option<Preset>,
    /// The architecture.
    pub family: Option<CausalFamily>,
    /// Width of the hidden states (hidden size).
    pub d_model: Option<usize>,
    /// Inner width of the feed-forward sub-layers (intermediate size).
    pub d_ff: Option<usize>,
    /// Attention heads.
    pub n_heads: Option<usize>,
    /// Layers.
    pub n_layers: Option<usize>,
    /// Encoder layers.
    pub n_encoder_layers: Option<usize>,
    /// Decoder layers.
    pub n_decoder_layers: Option<usize>,
    /// Maximum number of positions. Longer texts are truncated, with a warning. A language model has `data.context` positions
    /// unless this key is set.
    pub max_len: Option<usize>,
    /// Placement of the norms relative to the residual connections: `pre` (Xiong et al. 2020), `post` (Vaswani et al.
    /// 2017) or `sandwich` (Ding et al. 2021).
    #[schemars(with = "Option<String>")]
    pub norm_order: Option<NormOrder>,
    /// Activation function of the feed-forward sub-layers: `relu`, `gelu` (exact), `gelu_tanh` or `silu`.
    #[schemars(with = "Option<String>")]
    pub activation: Option<Activation>,
    /// Dropout probability for embeddings and sub-layer outputs.
    pub dropout: Option<f64>,
    /// Dropout probability for attention weights.
    pub attention_dropout: Option<f64>,
    /// Dropout probability inside the feed-forward sub-layers, after the activation.
    pub activation_dropout: Option<f64>,
    /// Dropout probability for the input of the classification head. Masked language models do not have this head.
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
    /// Checks the keys and fills in the preset. With `init`, the shape comes from the pretrained model, and no key may
    /// be set.
    pub(crate) fn resolve(&mut self, kind: ModelKind, init: bool) -> Result<(), InvalidKey> {
        let given = to_table(self);
        let wrong = |key: &str, reason: &str| Err(InvalidKey::new(format!("model.{key}"), reason));
        if let Some(key) = given.keys().next().filter(|_| init) {
            return wrong(key, "the shape of the model comes from init; remove this key");
        }
        if let Some(key) = given.keys().find(|key| !has_key(kind, key)) {
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
                "a feed-forward sub-layer needs a nonlinear activation: relu, gelu, gelu_tanh or silu",
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
            .unwrap_or_else(|| unreachable!("the preset was checked against the kind of model"))
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

    /// A BERT-style encoder over a vocabulary.
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

    /// A decoder-only model over a vocabulary, with `context` positions unless `max_len` is set.
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

    /// The layers of a preset, with the keys of this section applied.
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

/// The vocabulary size used to check shapes before the tokenizer is known.
const LARGE_VOCABULARY: usize = 6000;

/// The layers of Llama with the sizes of `stack`.
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

/// Whether recipes for a kind of model have this key in `[model]`.
pub(crate) fn has_key(kind: ModelKind, key: &str) -> bool {
    KEYS_OF_KINDS.iter().all(|(of_kinds, kinds)| *of_kinds != key || kinds.contains(&kind))
}

/// The keys for a kind of model, with their values in the default preset.
pub(crate) fn default_model(kind: ModelKind) -> toml::Table {
    // Converted through text, so that 0.1 as f32 becomes 0.1 as f64.
    let probability = |value: f32| value.to_string().parse().ok();
    let of_stack = |stack: &StackConfig| ModelSection {
        d_model: Some(stack.d_model),
        d_ff: Some(stack.d_ff),
        n_heads: Some(stack.n_heads),
        max_len: Some(stack.max_len),
        activation: Some(stack.activation),
        dropout: probability(stack.dropout),
        attention_dropout: probability(stack.attention_dropout),
        ..ModelSection::default()
    };
    let section = ModelSection::default();
    let filled = match kind {
        ModelKind::EncoderDecoder => {
            let config = section.encoder_decoder(LARGE_VOCABULARY);
            ModelSection {
                n_encoder_layers: Some(config.n_encoder_layers),
                n_decoder_layers: Some(config.n_decoder_layers),
                norm_order: Some(config.stack.norm_order),
                activation_dropout: probability(config.stack.activation_dropout),
                ..of_stack(&config.stack)
            }
        }
        ModelKind::Encoder => {
            let config = section.encoder(LARGE_VOCABULARY, 0);
            ModelSection {
                n_layers: Some(config.n_layers),
                head_dropout: probability(section.classifier_head(2).dropout),
                ..of_stack(&config.stack)
            }
        }
        ModelKind::Causal => {
            let config = section.causal(LARGE_VOCABULARY, 1);
            ModelSection {
                family: Some(CausalFamily::Gpt2),
                n_layers: Some(config.n_layers),
                max_len: None,
                ..of_stack(&config.stack)
            }
        }
    };
    to_table(&filled)
}
