//! Masked language modeling.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use crosshead_blocks::Norm;
use crosshead_kernels::{
    Activation, CrossEntropy, Linear, LinearConfig, LinearWeights, Mode, RandomKey, linear,
    linear_cross_entropy_with, linears,
};

use crate::tokens::{TokenBatch, id_tensor};
use crate::{Encoder, EncoderConfig};

/// Masked language modeling: predicts masked tokens from both sides (Devlin et al. 2019, section 3.1).
#[derive(Module, Debug)]
pub struct MaskedLm {
    /// The encoder. Its embedding is also the output projection.
    pub encoder: Encoder,
    /// A projection of the hidden states before the output projection.
    pub transform: Linear,
    /// The norm after `transform`.
    pub transform_norm: Norm,
    /// The bias of the logits, `[vocab_size]`.
    pub output_bias: Param<Tensor<1>>,
}

linears!(MaskedLm { encoder, transform });

impl MaskedLm {
    /// Adds the head to an encoder. Its weights are drawn from a fixed seed on first use, unless they are replaced
    /// before that.
    pub fn new(encoder: Encoder) -> Self {
        let EncoderConfig { vocab_size, stack, .. } = encoder.config();
        let (device, d_embedding) = (encoder.device(), encoder.config().d_embedding());
        let key = RandomKey::new(0).stream("transform");
        Self {
            transform: LinearConfig::new(stack.d_model, d_embedding).with_key(key).init(&device),
            transform_norm: stack.norm.init(d_embedding, stack.norm_epsilon, &device),
            output_bias: Param::from_tensor(Tensor::zeros([*vocab_size], &device)),
            encoder,
        }
    }

    /// The logits of each token.
    ///
    /// # Shapes
    /// - output: `[batch, len, vocab_size]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn logits(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<3> {
        let rows = self.rows(tokens, types, mode);
        let [n_rows, _] = rows.dims();
        let batch = tokens.lengths.len();
        let bias = Some(self.output_bias.val());
        let logits = linear(rows, self.encoder.embedding.val(), bias, Activation::Identity);
        logits.reshape([batch, n_rows / batch, self.encoder.config.vocab_size])
    }

    /// The summed cross-entropy of the masked tokens, in nats. Targets equal to [`IGNORED`](crate::IGNORED) are
    /// ignored.
    ///
    /// # Shapes
    /// - `targets`: `[batch, len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn loss(&self, tokens: TokenBatch<'_>, targets: &[u32], mode: Mode) -> Tensor<1> {
        self.loss_with(tokens, targets, CrossEntropy::default(), mode)
    }

    /// [`loss`](Self::loss) with label smoothing or z-loss.
    ///
    /// # Shapes
    /// - `targets`: `[batch, len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
    pub fn loss_with(
        &self,
        tokens: TokenBatch<'_>,
        targets: &[u32],
        options: CrossEntropy,
        mode: Mode,
    ) -> Tensor<1> {
        let bias = Some(self.output_bias.val());
        linear_cross_entropy_with(
            self.rows(tokens, None, mode),
            LinearWeights { weight: self.encoder.embedding.val(), bias },
            id_tensor(targets, &self.encoder.device()),
            self.encoder.config.vocab_size,
            options,
        )
    }

    /// The input of the output projection, `[batch · len, d_embedding]`.
    fn rows(&self, tokens: TokenBatch<'_>, types: Option<&[u32]>, mode: Mode) -> Tensor<2> {
        let states = self.encoder.forward(tokens, types, mode);
        let [batch, len, d_model] = states.dims();
        let activation = self.encoder.config.stack.activation;
        let states = states.reshape([batch * len, d_model]);
        let rows = self.transform.forward_with(states, activation, mode.stream("transform"));
        self.transform_norm.forward_rows(rows)
    }
}
