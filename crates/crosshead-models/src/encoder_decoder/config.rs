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

/// The configuration of an encoder-decoder that shares one embedding between source and target (Vaswani et al. 2017,
/// section 3.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderDecoderConfig {
    /// The size of the shared vocabulary, including special tokens.
    pub vocab_size: usize,
    /// The layers of the encoder and the decoder.
    pub stack: StackConfig,
    /// The number of encoder layers.
    pub n_encoder_layers: usize,
    /// The number of decoder layers.
    pub n_decoder_layers: usize,
    /// Whether the output projection is tied to the embedding.
    pub tied_output: bool,
    /// Whether the decoder's output is divided by √d_model before the output projection, as in T5.
    pub scale_output: bool,
    /// Whether a fixed bias is added to the logits. It excludes padding from the softmax if `pad_id` is the last id.
    pub logits_bias: bool,
    /// The padding id.
    pub pad_id: u32,
    /// The end-of-sequence id of source and target.
    pub eos_id: u32,
    /// The first id of the decoder input.
    pub start_id: u32,
}

impl EncoderDecoderConfig {
    /// The base model of the paper (Vaswani et al. 2017, table 3) with 6 + 6 layers. The last id of the vocabulary is
    /// padding and starts the decoder; 0 ends a sequence.
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

    setters! {
        /// Sets the layers of the encoder and the decoder (default: [`StackConfig::default`]).
        with_stack(stack: StackConfig);
        /// Sets the number of encoder layers (default: 6).
        with_n_encoder_layers(n_encoder_layers: usize);
        /// Sets the number of decoder layers (default: 6).
        with_n_decoder_layers(n_decoder_layers: usize);
        /// Sets whether the output projection is tied to the embedding (default: true).
        with_tied_output(tied_output: bool);
        /// Sets whether the decoder's output is divided by √d_model (default: false).
        with_scale_output(scale_output: bool);
        /// Sets whether a fixed bias is added to the logits (default: true).
        with_logits_bias(logits_bias: bool);
        /// Sets the padding id (default: `vocab_size - 1`).
        with_pad_id(pad_id: u32);
        /// Sets the end-of-sequence id (default: 0).
        with_eos_id(eos_id: u32);
        /// Sets the first id of the decoder input (default: `vocab_size - 1`).
        with_start_id(start_id: u32);
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// If a field is invalid; the error names the first one.
    pub fn check(&self) -> Result<(), InvalidField> {
        check_sizes(&[
            ("vocab_size", self.vocab_size),
            ("n_encoder_layers", self.n_encoder_layers),
            ("n_decoder_layers", self.n_decoder_layers),
        ])?;
        self.stack.check()?;
        if self.stack.norm_order == NormOrder::Parallel {
            let reason = "parallel order is not supported for layers with cross-attention";
            return Err(InvalidField::new("norm_order", reason));
        }
        let ids = [("pad_id", self.pad_id), ("eos_id", self.eos_id), ("start_id", self.start_id)];
        check_ids(self.vocab_size, &ids.map(|(key, id)| (key, Some(id))))
    }

    /// The number of classes of the output softmax: the vocabulary, without padding if it is the last id and the bias of
    /// the logits excludes it.
    pub fn n_classes(&self) -> usize {
        let last_is_padding = self.pad_id as usize + 1 == self.vocab_size;
        self.vocab_size - usize::from(self.logits_bias && last_is_padding)
    }

    /// Builds a model and draws its weights, which are a pure function of the seed and the parameter's path.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
    pub fn init(&self, seed: u64, device: &Device) -> EncoderDecoder {
        initialize(self.skeleton(device), Initialization::Glorot, seed, Some(self.pad_id))
    }

    /// Builds a model without drawing its weights. Matrices take no memory until they are filled.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
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

    /// The bias that excludes padding from the softmax.
    fn padding_bias(&self, device: &Device) -> Tensor<1> {
        let mut bias = vec![0.0; self.vocab_size];
        if self.n_classes() < self.vocab_size {
            bias[self.pad_id as usize] = -1e9_f32;
        }
        Tensor::from_data(TensorData::new(bias, [self.vocab_size]), device)
    }
}
