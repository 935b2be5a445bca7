//! Forward passes without gradients.

use burn::tensor::Device;
use crosshead::kernels::{Activation, Mode};
use crosshead::models::{EncoderConfig, PositionKind, StackConfig, TokenBatch};

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
    ]
}

/// The forward pass of all-MiniLM-L6's shape: 6 layers, d_model 384, 12 heads, vocabulary of 30,522.
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
