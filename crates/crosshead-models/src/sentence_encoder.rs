//! One vector for a whole text.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_kernels::Mode;

use crate::tokens::TokenBatch;
use crate::{Encoder, Pooling, Projection};

/// The smallest length that a vector is divided by, as in PyTorch.
const LEAST_NORM: f32 = 1e-12;

/// An encoder whose vectors of a text's tokens are put together to one (Reimers & Gurevych 2019).
#[derive(Module, Debug)]
pub struct SentenceEncoder {
    /// The encoder.
    pub encoder: Encoder,
    /// The layers of the [`SentenceStep::Project`]s, in order.
    pub projections: Vec<Projection>,
    #[module(skip)]
    config: SentenceConfig,
}

/// How the vectors of the tokens become one.
#[derive(Clone, Debug, PartialEq)]
pub struct SentenceConfig {
    /// How all vectors become one; the results of several are concatenated.
    pub pooling: Vec<Pooling>,
    /// Whether the tokens of a prompt count in pooling.
    pub include_prompt: bool,
    /// What is done with the pooled vector, in order.
    pub steps: Vec<SentenceStep>,
}

/// What is done with a pooled vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentenceStep {
    /// It goes through the next of the projections.
    Project,
    /// It is divided by its length.
    Normalize,
}

impl SentenceEncoder {
    /// A sentence encoder on an encoder.
    ///
    /// # Panics
    /// If nothing is pooled, there is not one projection for each step that needs it, or one does not take the features
    /// that the step before gives.
    pub fn new(encoder: Encoder, projections: Vec<Projection>, config: SentenceConfig) -> Self {
        assert!(!config.pooling.is_empty(), "a text's vector needs one pooling at least");
        let needed = config.steps.iter().filter(|step| **step == SentenceStep::Project).count();
        assert!(needed == projections.len(), "{} projections for {needed}", projections.len());
        let pooled = config.pooling.len() * encoder.config().stack.d_model;
        projections.iter().fold(pooled, |dim, projection| {
            let (d_in, d_out) = (projection.config().d_in, projection.config().d_out);
            assert!(d_in == dim, "a projection of {d_in} features after a vector of {dim}");
            d_out
        });
        Self { encoder, projections, config }
    }

    /// How the vectors of the tokens become one.
    pub fn config(&self) -> &SentenceConfig {
        &self.config
    }

    /// Features of a text's vector.
    pub fn dim(&self) -> usize {
        let pooled = self.config.pooling.len() * self.encoder.config().stack.d_model;
        self.projections.last().map_or(pooled, |projection| projection.config().d_out)
    }

    /// The vector of each text. The first `prompt_len` tokens of each are its prompt, which counts in pooling only where
    /// [`SentenceConfig::include_prompt`] says so.
    ///
    /// # Shapes
    /// - output: `[batch, dim]`
    ///
    /// # Panics
    /// As [`Encoder::forward`].
    pub fn forward(&self, tokens: TokenBatch<'_>, prompt_len: usize, mode: Mode) -> Tensor<2> {
        let states = self.encoder.forward(tokens, None, mode);
        let skipped = if self.config.include_prompt { 0 } else { prompt_len };
        let pooling = self.config.pooling.iter();
        let pooled =
            pooling.map(|pooling| pooling.apply_after(skipped, states.clone(), tokens.lengths));
        let mut vectors = Tensor::cat(pooled.collect(), 1);
        let mut projections = self.projections.iter();
        for step in &self.config.steps {
            vectors = match step {
                SentenceStep::Normalize => normalize(vectors),
                SentenceStep::Project => match projections.next() {
                    Some(projection) => projection.forward(vectors),
                    None => unreachable!("each such step has a projection"),
                },
            };
        }
        vectors
    }
}

/// Each vector divided by its length.
fn normalize(vectors: Tensor<2>) -> Tensor<2> {
    let norms = vectors.clone().square().sum_dim(1).sqrt(); // [batch, 1]
    vectors / norms.clamp_min(LEAST_NORM)
}
