//! Model configurations by name.

use crosshead_blocks::{NormKind, NormOrder};
use crosshead_kernels::Activation;
use crosshead_position::RotaryConfig;

use crate::{
    CausalLmConfig, EncoderConfig, EncoderDecoderConfig, ModelConfig, PositionKind, StackConfig,
};

/// A named model configuration.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name, such as `bert-base`.
    pub name: &'static str,
    /// A one-line description.
    pub about: &'static str,
    config: fn() -> ModelConfig,
}

impl Preset {
    /// The configuration.
    pub fn config(&self) -> ModelConfig {
        (self.config)()
    }
}

/// All presets: the published models, then small ones of each kind.
pub const PRESETS: [Preset; 13] = [
    Preset {
        name: "vaswani2017-base",
        about: "base model of the paper, vocabulary of 37,000 (Vaswani et al. 2017, table 3)",
        config: || ModelConfig::EncoderDecoder(EncoderDecoderConfig::new(37_000)),
    },
    Preset {
        name: "vaswani2017-big",
        about: "big model of the paper, vocabulary of 37,000 (Vaswani et al. 2017, table 3)",
        config: || ModelConfig::EncoderDecoder(vaswani2017_big()),
    },
    Preset {
        name: "bert-base",
        about: "bert-base-uncased with its masked LM head (Devlin et al. 2019)",
        config: || ModelConfig::MaskedLm(bert_base()),
    },
    Preset {
        name: "gpt2",
        about: "GPT-2 with 124M parameters (Radford et al. 2019)",
        config: || ModelConfig::CausalLm(gpt2()),
    },
    Preset {
        name: "llama-tiny",
        about: "stories15M, a Llama trained on TinyStories (Karpathy 2023)",
        config: || ModelConfig::CausalLm(llama_tiny()),
    },
    Preset {
        name: "t5-small",
        about: "T5 small (Raffel et al. 2020)",
        config: || ModelConfig::EncoderDecoder(t5_small()),
    },
    Preset {
        name: "bart-base",
        about: "BART base (Lewis et al. 2020)",
        config: || ModelConfig::EncoderDecoder(bart_base()),
    },
    Preset {
        name: "tiny-encoder-decoder",
        about: "2+2 layers of 64 features, for quick experiments",
        config: || ModelConfig::EncoderDecoder(encoder_decoder(2, 64, 128)),
    },
    Preset {
        name: "small-encoder-decoder",
        about: "3+3 layers of 256 features, trains in minutes on a CPU",
        config: || ModelConfig::EncoderDecoder(encoder_decoder(3, 256, 1024)),
    },
    Preset {
        name: "tiny-causal",
        about: "2 layers of 64 features, for quick experiments",
        config: || ModelConfig::CausalLm(causal(2, 64, 256)),
    },
    Preset {
        name: "small-causal",
        about: "4 layers of 256 features, trains in minutes on a CPU",
        config: || ModelConfig::CausalLm(causal(4, 256, 1024)),
    },
    Preset {
        name: "tiny-encoder",
        about: "2 layers of 64 features with a masked LM head, for quick experiments",
        config: || ModelConfig::MaskedLm(encoder(2, 64, 128)),
    },
    Preset {
        name: "small-encoder",
        about: "3 layers of 256 features with a masked LM head, trains in minutes on a CPU",
        config: || ModelConfig::MaskedLm(encoder(3, 256, 1024)),
    },
];

/// Finds a preset by name.
pub fn find(name: &str) -> Option<Preset> {
    PRESETS.into_iter().find(|preset| preset.name == name)
}

/// The vocabulary size of the small presets.
const SMALL_VOCABULARY: usize = 1000;

/// A small pre-norm encoder-decoder with 4 heads.
fn encoder_decoder(n_layers: usize, d_model: usize, d_ff: usize) -> EncoderDecoderConfig {
    let norm_order = NormOrder::Pre;
    EncoderDecoderConfig {
        stack: StackConfig { d_model, d_ff, n_heads: 4, norm_order, ..StackConfig::default() },
        n_encoder_layers: n_layers,
        n_decoder_layers: n_layers,
        ..EncoderDecoderConfig::new(SMALL_VOCABULARY)
    }
}

/// A small GPT-2 with 4 heads.
fn causal(n_layers: usize, d_model: usize, d_ff: usize) -> CausalLmConfig {
    CausalLmConfig {
        vocab_size: SMALL_VOCABULARY,
        stack: StackConfig { d_model, d_ff, n_heads: 4, ..gpt2().stack },
        n_layers,
        bos_id: None,
        eos_id: Some(0),
        ..gpt2()
    }
}

/// A small BERT with 4 heads.
fn encoder(n_layers: usize, d_model: usize, d_ff: usize) -> EncoderConfig {
    EncoderConfig {
        vocab_size: SMALL_VOCABULARY,
        stack: StackConfig { d_model, d_ff, n_heads: 4, ..bert_base().stack },
        n_layers,
        ..bert_base()
    }
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
    EncoderConfig::new(30_522)
}

fn gpt2() -> CausalLmConfig {
    CausalLmConfig::new(50_257).with_bos_id(50_256).with_eos_id(50_256)
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
