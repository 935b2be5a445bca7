//! Models by name.

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_position::RotaryConfig;

use crate::{
    CausalLmConfig, ClassifierHead, EncoderConfig, EncoderDecoderConfig, PositionKind, StackConfig,
};

/// The configuration of a model of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// An encoder-decoder.
    EncoderDecoder(EncoderDecoderConfig),
    /// A causal language model.
    CausalLm(CausalLmConfig),
    /// An encoder with its head for masked language modelling.
    MaskedLm(EncoderConfig),
    /// An encoder with its classifier of rows.
    SequenceClassifier(EncoderConfig, ClassifierHead),
    /// An encoder with its classifier of tokens, of so many classes.
    TokenClassifier(EncoderConfig, usize),
    /// An encoder.
    Encoder(EncoderConfig),
}

impl ModelConfig {
    /// The layers.
    pub fn stack(&self) -> &StackConfig {
        match self {
            Self::EncoderDecoder(config) => &config.stack,
            Self::CausalLm(config) => &config.stack,
            Self::MaskedLm(config)
            | Self::SequenceClassifier(config, _)
            | Self::TokenClassifier(config, _)
            | Self::Encoder(config) => &config.stack,
        }
    }
}

/// The presets by name, with what they are.
pub const PRESETS: [(&str, &str); 10] = [
    (
        "vaswani2017-base",
        "the paper's base model, vocabulary of 37,000 (Vaswani et al. 2017, table 3)",
    ),
    (
        "vaswani2017-big",
        "the paper's big model, vocabulary of 37,000 (Vaswani et al. 2017, table 3)",
    ),
    ("bert-base", "bert-base-uncased with its masked-LM head (Devlin et al. 2019)"),
    ("gpt2", "GPT-2 with 124M parameters (Radford et al. 2019)"),
    ("llama-tiny", "stories15M, a Llama trained on TinyStories (Karpathy 2023)"),
    ("t5-small", "T5 small (Raffel et al. 2020)"),
    ("bart-base", "BART base (Lewis et al. 2020)"),
    ("tiny-encoder-decoder", "2+2 layers of 64 features, for tests"),
    ("tiny-causal", "2 layers of 64 features, for tests"),
    ("tiny-encoder", "2 layers of 64 features with a masked-LM head, for tests"),
];

/// The preset of that name.
pub fn find(name: &str) -> Option<ModelConfig> {
    Some(match name {
        "vaswani2017-base" => ModelConfig::EncoderDecoder(EncoderDecoderConfig::new(37_000)),
        "vaswani2017-big" => ModelConfig::EncoderDecoder(vaswani2017_big()),
        "bert-base" => ModelConfig::MaskedLm(bert_base()),
        "gpt2" => ModelConfig::CausalLm(gpt2()),
        "llama-tiny" => ModelConfig::CausalLm(llama_tiny()),
        "t5-small" => ModelConfig::EncoderDecoder(t5_small()),
        "bart-base" => ModelConfig::EncoderDecoder(bart_base()),
        "tiny-encoder-decoder" => ModelConfig::EncoderDecoder(EncoderDecoderConfig {
            stack: StackConfig { norm_order: NormOrder::Pre, ..tiny_stack() },
            n_encoder_layers: 2,
            n_decoder_layers: 2,
            ..EncoderDecoderConfig::new(1000)
        }),
        "tiny-causal" => ModelConfig::CausalLm(CausalLmConfig {
            vocab_size: 1000,
            stack: StackConfig {
                norm_order: NormOrder::Pre,
                positions: PositionKind::Learned { offset: 0 },
                scale_embedding: false,
                activation: Activation::GeluTanh,
                ..tiny_stack()
            },
            n_layers: 2,
            tied_output: true,
            bos_id: None,
            eos_id: Some(0),
            pad_id: None,
        }),
        "tiny-encoder" => ModelConfig::MaskedLm(EncoderConfig {
            vocab_size: 1000,
            stack: StackConfig { d_model: 64, d_ff: 128, n_heads: 4, ..bert_base().stack },
            n_layers: 2,
            ..bert_base()
        }),
        _ => return None,
    })
}

fn tiny_stack() -> StackConfig {
    StackConfig { d_model: 64, d_ff: 128, n_heads: 4, ..StackConfig::default() }
}

fn vaswani2017_big() -> EncoderDecoderConfig {
    EncoderDecoderConfig {
        stack: StackConfig {
            d_model: 1024,
            d_ff: 4096,
            n_heads: 16,
            dropout: 0.3,
            ..StackConfig::default()
        },
        ..EncoderDecoderConfig::new(37_000)
    }
}

fn bert_base() -> EncoderConfig {
    EncoderConfig {
        vocab_size: 30_522,
        stack: StackConfig {
            d_model: 768,
            d_ff: 3072,
            n_heads: 12,
            positions: PositionKind::Learned { offset: 0 },
            norm_epsilon: 1e-12,
            embedding_norm: true,
            scale_embedding: false,
            activation: Activation::Gelu,
            attention_dropout: 0.1,
            ..StackConfig::default()
        },
        n_layers: 12,
        n_groups: None,
        d_embedding: None,
        n_token_types: 2,
        pad_id: 0,
    }
}

fn gpt2() -> CausalLmConfig {
    CausalLmConfig {
        vocab_size: 50_257,
        stack: StackConfig {
            d_model: 768,
            d_ff: 3072,
            n_heads: 12,
            positions: PositionKind::Learned { offset: 0 },
            max_len: 1024,
            norm_order: NormOrder::Pre,
            scale_embedding: false,
            activation: Activation::GeluTanh,
            attention_dropout: 0.1,
            ..StackConfig::default()
        },
        n_layers: 12,
        tied_output: true,
        bos_id: Some(50_256),
        eos_id: Some(50_256),
        pad_id: None,
    }
}

fn llama_tiny() -> CausalLmConfig {
    CausalLmConfig {
        vocab_size: 32_000,
        stack: StackConfig {
            d_model: 288,
            d_ff: 768,
            n_heads: 6,
            qkv_bias: false,
            attention_out_bias: false,
            positions: PositionKind::Rotary(RotaryConfig::new(48)),
            max_len: 256,
            norm: NormKind::Rms,
            norm_order: NormOrder::Pre,
            scale_embedding: false,
            activation: Activation::Silu,
            gated: true,
            feed_forward_bias: false,
            dropout: 0.0,
            ..StackConfig::default()
        },
        n_layers: 6,
        tied_output: true,
        bos_id: Some(1),
        eos_id: Some(2),
        pad_id: None,
    }
}

fn t5_small() -> EncoderDecoderConfig {
    EncoderDecoderConfig {
        stack: StackConfig {
            d_head: Some(64),
            attention_scale: Some(1.0),
            qkv_bias: false,
            attention_out_bias: false,
            positions: PositionKind::Relative { n_buckets: 32, max_distance: 128 },
            norm: NormKind::Rms,
            norm_order: NormOrder::Pre,
            norm_epsilon: 1e-6,
            scale_embedding: false,
            feed_forward_bias: false,
            ..StackConfig::default()
        },
        scale_output: true,
        logits_bias: false,
        pad_id: 0,
        eos_id: 1,
        start_id: 0,
        ..EncoderDecoderConfig::new(32_128)
    }
}

fn bart_base() -> EncoderDecoderConfig {
    EncoderDecoderConfig {
        stack: StackConfig {
            d_model: 768,
            d_ff: 3072,
            n_heads: 12,
            positions: PositionKind::Learned { offset: 2 },
            max_len: 1024,
            embedding_norm: true,
            scale_embedding: false,
            activation: Activation::Gelu,
            attention_dropout: 0.1,
            activation_dropout: 0.1,
            ..StackConfig::default()
        },
        pad_id: 1,
        eos_id: 2,
        start_id: 2,
        ..EncoderDecoderConfig::new(50_265)
    }
}
