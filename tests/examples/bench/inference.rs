//! Forward passes without gradients.

use burn::tensor::Device;
use crosshead::generate::{BeamSearch, DecodingConfig, Hooks, Strategy, decode};
use crosshead::kernels::{Activation, Mode, in_pool};
use crosshead::models::{
    DecoderSteps, Encoder, EncoderConfig, EncoderDecoder, EncoderDecoderConfig, PositionKind,
    StackConfig, TokenBatch,
};

use crate::int8::{self, LARGE, MINILM, SMALL};
use crate::{Work, random_ids};

/// Tokens of a source, and of a translation.
const LEN: usize = 32;

pub(crate) fn works() -> Vec<Work> {
    let decoding = |name, rows: usize, counted, start| Work {
        name,
        unit: "tokens",
        units: (rows * LEN) as f64,
        counted,
        start,
    };
    let encoding = |name, unit, units, counted, start| Work { name, unit, units, counted, start };
    let tokens = 32.0 * 128.0;
    vec![
        encoding("encoder-batch", "tokens", tokens, 12, || encode(32, 128, f32_minilm())),
        encoding("encoder-batch-int8", "tokens", tokens, 12, || {
            encode(32, 128, int8::encoder(MINILM))
        }),
        encoding("encoder-single", "sentences", 1.0, 200, || encode(1, 16, f32_minilm())),
        encoding("encoder-single-int8", "sentences", 1.0, 200, || {
            encode(1, 16, int8::encoder(MINILM))
        }),
        decoding("translate-single", 1, 40, || translate(1, 1, init(&small()))),
        decoding("translate-single-int8", 1, 40, || translate(1, 1, int8::encoder_decoder(SMALL))),
        decoding("translate-batch", 32, 12, || translate(32, 1, init(&small()))),
        decoding("translate-batch-int8", 32, 12, || translate(32, 1, int8::encoder_decoder(SMALL))),
        decoding("translate-beams", 32, 12, || translate(32, 4, init(&small()))),
        decoding("translate-beams-int8", 32, 12, || translate(32, 4, int8::encoder_decoder(SMALL))),
        decoding("translate-large", 1, 12, || translate(1, 1, init(&large()))),
        decoding("translate-large-int8", 1, 12, || translate(1, 1, int8::encoder_decoder(LARGE))),
        decoding("translate-large-batch-int8", 32, 12, || {
            translate(32, 1, int8::encoder_decoder(LARGE))
        }),
    ]
}

/// The shape of all-MiniLM-L6: 6 layers, d_model 384, 12 heads, vocabulary of 30,522.
pub(crate) fn minilm() -> EncoderConfig {
    EncoderConfig {
        vocab_size: 30_522,
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
    }
}

/// d_model 256, d_ff 1024, 4 heads, 3+3 layers, vocabulary of 4000.
pub(crate) fn small() -> EncoderDecoderConfig {
    EncoderDecoderConfig {
        stack: StackConfig { d_model: 256, d_ff: 1024, n_heads: 4, ..StackConfig::default() },
        n_encoder_layers: 3,
        n_decoder_layers: 3,
        ..EncoderDecoderConfig::new(4000)
    }
}

/// The base model of Vaswani et al. 2017: d_model 512, d_ff 2048, 8 heads, 6+6 layers, vocabulary of 32,000.
pub(crate) fn large() -> EncoderDecoderConfig {
    EncoderDecoderConfig::new(32_000)
}

fn f32_minilm() -> Encoder {
    minilm().init(1, &Device::flex())
}

fn init(config: &EncoderDecoderConfig) -> EncoderDecoder {
    config.init(1, &Device::flex())
}

/// The forward pass of an encoder.
fn encode(batch: usize, len: usize, model: Encoder) -> Box<dyn FnMut()> {
    let vocab_size = model.config().vocab_size;
    let (ids, lengths) = (random_ids("text", batch * len, vocab_size), vec![len; batch]);
    Box::new(move || {
        let tokens = TokenBatch { ids: &ids, lengths: &lengths };
        drop(model.forward(tokens, None, Mode::Eval).into_data());
    })
}

/// Translation of `batch` sentences into [`LEN`] tokens each, in the thread pool, like `Translator`.
fn translate(batch: usize, beams: usize, model: EncoderDecoder) -> Box<dyn FnMut()> {
    let strategy = if beams == 1 { Strategy::Greedy } else { BeamSearch::new(beams).into() };
    let config = model.config();
    let (ids, lengths) = (random_ids("text", batch * LEN, config.vocab_size), vec![LEN; batch]);
    let search = DecodingConfig::new(config.pad_id, config.eos_id)
        .with_suppressed([config.pad_id])
        .with_strategy(strategy)
        .with_min_len(LEN)
        .with_max_len(LEN);
    Box::new(move || {
        let found = in_pool(|| {
            let source = TokenBatch { ids: &ids, lengths: &lengths };
            let mut steps = DecoderSteps::new(&model, model.encode(source, Mode::Eval), LEN);
            decode(&mut steps, batch, &search, Hooks::none()).expect("a translation").concat()
        });
        assert!(found.iter().all(|hypothesis| hypothesis.tokens.len() == LEN));
    })
}
