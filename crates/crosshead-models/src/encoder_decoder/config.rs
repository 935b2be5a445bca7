//! The configuration of an encoder-decoder.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_blocks::NormOrder;
use crosshead_weights::{Initialization, initialize};
use serde::{Deserialize, Serialize};

use super::EncoderDecoder;
use crate::input::InputLayer;
use crate::stack_config::{check_ids, check_sizes};
use crate::tokens::table;
use crate::{InvalidField, StackConfig};

/// The configuration of an encoder-decoder with one embedding for source and target (Vaswani et al. 2017, section 3.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderDecoderConfig {
    /// Tokens of the joint vocabulary, special ones included.
    pub vocab_size: usize,
    /// The layers of encoder and decoder.
    pub stack: StackConfig,
    /// Layers of the encoder.
    pub n_encoder_layers: usize,
    /// Layers of the decoder.
    pub n_decoder_layers: usize,
    /// Whether the embedding is the output projection too.
    pub tied_output: bool,
    /// Whether the decoder's outputs are divided by √d_model before the output projection, as in T5.
    pub scale_output: bool,
    /// Whether a bias that is never trained is added to the logits.
    pub logits_bias: bool,
    /// The id that fills short rows.
    pub pad_id: u32,
    /// The id that ends a source and a target.
    pub eos_id: u32,
    /// The id that starts the decoder.
    pub start_id: u32,
}

impl EncoderDecoderConfig {
    /// The paper's base model (Vaswani et al. 2017, table 3) over a vocabulary whose last id is padding, which starts
    /// the decoder.
    pub fn new(vocab_size: usize) -> Self {
        let pad_id = vocab_size.saturating_sub(1) as u32;
        Self {
            vocab_size,
            stack: StackConfig::default(),
            n_encoder_layers: 6,
            n_decoder_layers: 6,
            tied_output: true,
            scale_output: false,
            logits_bias: true,
            pad_id,
            eos_id: 0,
            start_id: pad_id,
        }
    }

    /// Checks that a model can have these sizes.
    ///
    /// # Errors
    /// The first key whose value is impossible.
    pub fn check(&self) -> Result<(), InvalidField> {
        check_sizes(&[
            ("vocab_size", self.vocab_size),
            ("n_encoder_layers", self.n_encoder_layers),
            ("n_decoder_layers", self.n_decoder_layers),
        ])?;
        self.stack.check()?;
        if self.stack.norm_order == NormOrder::Parallel {
            let reason = "parallel order is not defined for layers with cross-attention";
            return Err(InvalidField::new("norm_order", reason));
        }
        let ids = [("pad_id", self.pad_id), ("eos_id", self.eos_id), ("start_id", self.start_id)];
        check_ids(self.vocab_size, &ids.map(|(key, id)| (key, Some(id))))
    }

    /// The classes of the output softmax: all ids but the padding, where that is the last one and the bias of the logits
    /// rules it out.
    pub fn n_classes(&self) -> usize {
        let last_is_padding = self.pad_id as usize + 1 == self.vocab_size;
        self.vocab_size - usize::from(self.logits_bias && last_is_padding)
    }

    /// A model whose weights are a pure function of the seed.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds something.
    pub fn init(&self, seed: u64, device: &Device) -> EncoderDecoder {
        initialize(self.skeleton(device), Initialization::Glorot, seed, Some(self.pad_id))
    }

    /// A model whose weights wait to be filled; matrices take no memory until then.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds something.
    pub fn skeleton(&self, device: &Device) -> EncoderDecoder {
        if let Err(error) = self.check() {
            panic!("{error}");
        }
        let layers = self.stack.layers();
        let table = || table(self.vocab_size, self.stack.d_model, device);
        EncoderDecoder {
            embedding: table(),
            encoder_input: InputLayer::new(&self.stack, device),
            encoder: layers.init_encoder(self.n_encoder_layers, device),
            decoder_input: InputLayer::new(&self.stack, device),
            decoder: layers.init_decoder(self.n_decoder_layers, device),
            output: (!self.tied_output).then(table),
            logits_bias: self
                .logits_bias
                .then(|| Param::from_tensor(self.padding_bias(device)).set_require_grad(false)),
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
