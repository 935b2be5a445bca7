//! One vector for a whole text.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_kernels::Mode;

use crate::tokens::TokenBatch;
use crate::{Encoder, Pooling};

/// The smallest length that a vector is divided by, as in PyTorch.
const LEAST_NORM: f32 = 1e-12;

/// An encoder whose vectors of a text's tokens are put together to one (Reimers & Gurevych 2019).
#[derive(Module, Debug)]
pub struct SentenceEncoder {
    /// The encoder.
    pub encoder: Encoder,
    #[module(skip)]
    config: SentenceConfig,
}

/// How the vectors of the tokens become one.
#[derive(Clone, Debug, PartialEq)]
pub struct SentenceConfig {
    /// How one vector stands for all; the results of several stand behind each other.
    pub pooling: Vec<Pooling>,
    /// Whether the vector is divided by its length.
    pub normalize: bool,
    /// The most tokens that are looked at.
    pub max_len: usize,
}

impl SentenceEncoder {
    /// A sentence encoder on an encoder.
    ///
    /// # Panics
    /// If nothing is pooled.
    pub fn new(encoder: Encoder, config: SentenceConfig) -> Self {
        assert!(!config.pooling.is_empty(), "a text's vector needs one pooling at least");
        Self { encoder, config }
    }

    /// How the vectors of the tokens become one.
    pub fn config(&self) -> &SentenceConfig {
        &self.config
    }

    /// Features of a text's vector.
    pub fn dim(&self) -> usize {
        self.config.pooling.len() * self.encoder.config().stack.d_model
    }

    /// The vector of each text.
    ///
    /// # Shapes
    /// - output: `[batch, dim]`
    ///
    /// # Panics
    /// As [`Encoder::forward`].
    pub fn forward(&self, tokens: TokenBatch<'_>, mode: Mode) -> Tensor<2> {
        let states = self.encoder.forward(tokens, None, mode);
        let pooled =
            self.config.pooling.iter().map(|pooling| pooling.apply(states.clone(), tokens.lengths));
        let vectors = Tensor::cat(pooled.collect(), 1);
        if !self.config.normalize {
            return vectors;
        }
        let norms = vectors.clone().square().sum_dim(1).sqrt(); // [batch, 1]
        vectors / norms.clamp_min(LEAST_NORM)
    }
}
