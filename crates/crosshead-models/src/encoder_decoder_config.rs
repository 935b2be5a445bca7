//! The configuration of an encoder-decoder.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_blocks::{LayerConfig, NormOrder};
use crosshead_kernels::Activation;
use crosshead_position::{Positions, SinusoidLayout, SinusoidalPositionsConfig};

use crate::{EncoderDecoder, initialize};

/// The configuration of an encoder-decoder with one embedding for source, target and output
/// (Vaswani et al. 2017, section 3.4).
///
/// It has a twin in Hugging Face `transformers`: post-norm is `marian`, pre-norm is `pegasus`.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderDecoderConfig {
    /// Tokens of the joint vocabulary, special ones included.
    pub vocab_size: usize,
    /// Features of a token's vector.
    pub d_model: usize,
    /// Features between the two products of a feed-forward sub-layer.
    pub d_ff: usize,
    /// Attention heads of each layer.
    pub n_heads: usize,
    /// Layers of the encoder.
    pub n_encoder_layers: usize,
    /// Layers of the decoder.
    pub n_decoder_layers: usize,
    /// The most positions that a checkpoint of this shape promises to handle.
    pub max_len: usize,
    /// Where the norms stand.
    pub norm_order: NormOrder,
    /// The activation of the feed-forward sub-layers.
    pub activation: Activation,
    /// The probability of dropping an element of an embedding or of a sub-layer's output.
    pub dropout: f32,
    /// The probability of dropping an attention weight.
    pub attention_dropout: f32,
    /// The probability of dropping an element inside a feed-forward sub-layer.
    pub activation_dropout: f32,
    /// Whether embeddings are multiplied by √d_model.
    pub scale_embedding: bool,
    /// The id that fills short rows and starts the decoder.
    pub pad_id: u32,
    /// The id that ends a source and a target.
    pub eos_id: u32,
}

impl EncoderDecoderConfig {
    /// The paper's base model (Vaswani et al. 2017, table 3) over a vocabulary whose last id is padding.
    pub fn new(vocab_size: usize) -> Self {
        Self {
            vocab_size,
            d_model: 512,
            d_ff: 2048,
            n_heads: 8,
            n_encoder_layers: 6,
            n_decoder_layers: 6,
            max_len: 512,
            norm_order: NormOrder::Post,
            activation: Activation::Relu,
            dropout: 0.1,
            attention_dropout: 0.0,
            activation_dropout: 0.0,
            scale_embedding: true,
            pad_id: vocab_size.saturating_sub(1) as u32,
            eos_id: 0,
        }
    }

    /// What no model can have, as the key and the reason.
    ///
    /// # Errors
    /// The first key whose value is impossible.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("d_model", self.d_model),
            ("d_ff", self.d_ff),
            ("n_heads", self.n_heads),
            ("n_encoder_layers", self.n_encoder_layers),
            ("n_decoder_layers", self.n_decoder_layers),
            ("max_len", self.max_len),
        ];
        for (key, size) in sizes {
            if size == 0 || size > 1 << 24 {
                return Err((key, format!("{size} is outside 1 to {}", 1 << 24)));
            }
        }
        if !self.d_model.is_multiple_of(self.n_heads) {
            return Err((
                "n_heads",
                format!(
                    "d_model ({}) must be divisible by n_heads ({})",
                    self.d_model, self.n_heads
                ),
            ));
        }
        for (key, p) in [
            ("dropout", self.dropout),
            ("attention_dropout", self.attention_dropout),
            ("activation_dropout", self.activation_dropout),
        ] {
            if !(0.0..1.0).contains(&p) {
                return Err((key, format!("{p} is outside [0, 1)")));
            }
        }
        for (key, id) in [("pad_id", self.pad_id), ("eos_id", self.eos_id)] {
            if id as usize >= self.vocab_size {
                return Err((
                    key,
                    format!("{id} is outside the vocabulary of {}", self.vocab_size),
                ));
            }
        }
        Ok(())
    }

    /// The classes of the output softmax: all ids but the padding, where that is the last one.
    pub fn n_classes(&self) -> usize {
        if self.pad_id as usize + 1 == self.vocab_size {
            self.vocab_size - 1
        } else {
            self.vocab_size
        }
    }

    /// A model whose weights are a pure function of the seed.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds something.
    pub fn init(&self, seed: u64, device: &Device) -> EncoderDecoder {
        initialize(self.skeleton(device), seed, self.pad_id as usize)
    }

    /// A model whose weights wait to be filled.
    pub(crate) fn skeleton(&self, device: &Device) -> EncoderDecoder {
        if let Err((key, reason)) = self.check() {
            panic!("{key}: {reason}");
        }
        let layers = LayerConfig::new(self.d_model, self.n_heads, self.d_ff)
            .with_activation(self.activation)
            .with_norm_order(self.norm_order)
            .with_dropout(self.dropout)
            .with_attention_dropout(self.attention_dropout)
            .with_activation_dropout(self.activation_dropout);
        let positions = SinusoidalPositionsConfig::new(self.d_model)
            .with_layout(SinusoidLayout::Concatenated)
            .init();
        EncoderDecoder {
            embedding: Param::from_tensor(Tensor::zeros([self.vocab_size, self.d_model], device)),
            positions: Positions::Sinusoidal(positions),
            encoder: layers.init_encoder(self.n_encoder_layers, device),
            decoder: layers.init_decoder(self.n_decoder_layers, device),
            logits_bias: Param::from_tensor(self.padding_bias(device)).set_require_grad(false),
            config: self.clone(),
        }
    }

    /// A bias that takes the padding out of the softmax.
    fn padding_bias(&self, device: &Device) -> Tensor<1> {
        let mut bias = vec![0.0; self.vocab_size];
        if self.n_classes() < self.vocab_size {
            bias[self.pad_id as usize] = -1e9_f32;
        }
        Tensor::from_data(TensorData::new(bias, [self.vocab_size]), device)
    }
}
