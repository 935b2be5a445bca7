//! Forward passes without gradients.

use burn::tensor::Device;
use crosshead::generate::{DecodingConfig, Hooks, decode};
use crosshead::kernels::{Activation, Mode, in_pool};
use crosshead::models::{
    DecoderSteps, EncoderConfig, EncoderDecoderConfig, PositionKind, StackConfig, TokenBatch,
};

use crate::{Work, random_ids};

pub(crate) fn works() -> Vec<Work> {
    vec![
        Work {
            name: "encoder-batch",
            unit: "tokens",
            units: 32.0 * 128.0,
            counted: 12,
            start: || encoder(32, 128),
        },
        Work {
            name: "encoder-single",
            unit: "sentences",
            units: 1.0,
            counted: 200,
            start: || encoder(1, 16),
        },
        Work {
            name: "translate-single",
            unit: "tokens",
            units: 32.0,
            counted: 40,
            start: || translate(1, &small()),
        },
        Work {
            name: "translate-batch",
            unit: "tokens",
            units: 32.0 * 32.0,
            counted: 12,
            start: || translate(32, &small()),
        },
        Work {
            name: "translate-large",
            unit: "tokens",
            units: 32.0,
            counted: 12,
            start: || translate(1, &EncoderDecoderConfig::new(32_000)),
        },
    ]
}

/// The forward pass of a model with the shape of all-MiniLM-L6: 6 layers, d_model 384, 12 heads, vocabulary of 30,522.
fn encoder(batch: usize, len: usize) -> Box<dyn FnMut()> {
    let vocab_size = 30_522;
    let config = EncoderConfig {
        vocab_size,
        stack: StackConfig {
            d_model: 384,
            d_ff: 1536,
            n_heads: 12,
            positions: PositionKind::Learned { offset: 0 },
            norm_epsilon: 1e-12,
            embedding_norm: true,
            scale_embedding: false,
            activation: Activation::Gelu,
            ..StackConfig::default()
        },
        n_layers: 6,
        n_groups: None,
        d_embedding: None,
        n_token_types: 2,
        pad_id: 0,
    };
    let model = config.init(1, &Device::flex());
    let (ids, lengths) = (random_ids("text", batch * len, vocab_size), vec![len; batch]);
    Box::new(move || {
        let tokens = TokenBatch { ids: &ids, lengths: &lengths };
        drop(model.forward(tokens, None, Mode::Eval).into_data());
    })
}

/// d_model 256, d_ff 1024, 4 heads, 3+3 layers, vocabulary of 4000.
fn small() -> EncoderDecoderConfig {
    EncoderDecoderConfig {
        stack: StackConfig { d_model: 256, d_ff: 1024, n_heads: 4, ..StackConfig::default() },
        n_encoder_layers: 3,
        n_decoder_layers: 3,
        ..EncoderDecoderConfig::new(4000)
    }
}

/// Greedy translation of sentences of 32 tokens into 32 tokens each, in the thread pool, like `Translator`.
fn translate(batch: usize, config: &EncoderDecoderConfig) -> Box<dyn FnMut()> {
    let len = 32;
    let model = config.init(1, &Device::flex());
    let (ids, lengths) = (random_ids("text", batch * len, config.vocab_size), vec![len; batch]);
    let search = DecodingConfig::new(config.pad_id, config.eos_id)
        .with_suppressed([config.pad_id])
        .with_min_len(len)
        .with_max_len(len);
    Box::new(move || {
        let found = in_pool(|| {
            let source = TokenBatch { ids: &ids, lengths: &lengths };
            let mut steps = DecoderSteps::new(&model, model.encode(source, Mode::Eval), len);
            decode(&mut steps, batch, &search, Hooks::none()).expect("a translation").concat()
        });
        assert!(found.iter().all(|hypothesis| hypothesis.tokens.len() == len));
    })
}
