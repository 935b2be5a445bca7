//! Sentence embeddings.

use burn::module::Module;
use burn::tensor::Tensor;
use crosshead_kernels::{LabelSmoothing, Mode, linear_cross_entropy, linears};
use serde::{Deserialize, Serialize};

use crate::tokens::{TokenBatch, id_tensor};
use crate::{Encoder, Pooling, Projection};

/// The smallest norm that a vector is divided by, as in PyTorch.
const MIN_NORM: f32 = 1e-12;

/// An encoder followed by pooling: one vector for each text (Reimers & Gurevych 2019).
#[derive(Module, Debug)]
pub struct SentenceEncoder {
    /// The encoder.
    pub encoder: Encoder,
    /// The layers of the [`SentenceStep::Project`] steps, in order.
    pub projections: Vec<Projection>,
    #[module(skip)]
    config: SentenceConfig,
}

linears!(SentenceEncoder { encoder });

/// The configuration of a [`SentenceEncoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentenceConfig {
    /// How token vectors are pooled; the results of several poolings are concatenated.
    pub pooling: Vec<Pooling>,
    /// Whether pooling includes the tokens of the prompt.
    pub include_prompt: bool,
    /// The steps after pooling, in order.
    pub steps: Vec<SentenceStep>,
}

/// A step after pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceStep {
    /// The next projection.
    Project,
    /// Division by the Euclidean norm.
    Normalize,
}

impl SentenceConfig {
    /// The given pooling over all tokens, without further steps.
    pub fn new(pooling: Pooling) -> Self {
        Self { pooling: vec![pooling], include_prompt: true, steps: Vec::new() }
    }

    setters! {
        /// Sets whether pooling includes the tokens of the prompt (default: true).
        with_include_prompt(include_prompt: bool);
        /// Sets the steps after pooling (default: none).
        with_steps(steps: Vec<SentenceStep>);
    }
}

impl SentenceEncoder {
    /// Adds pooling and projections to an encoder.
    ///
    /// # Panics
    /// If `config.pooling` is empty, the number of projections differs from the number of [`SentenceStep::Project`]
    /// steps, or a projection does not accept the output of the step before it.
    pub fn new(encoder: Encoder, projections: Vec<Projection>, config: SentenceConfig) -> Self {
        assert!(!config.pooling.is_empty(), "at least one pooling is needed");
        let needed = config.steps.iter().filter(|step| **step == SentenceStep::Project).count();
        assert!(
            needed == projections.len(),
            "{} projections for {needed} steps",
            projections.len()
        );
        let pooled = config.pooling.len() * encoder.config().stack.d_model;
        projections.iter().fold(pooled, |dim, projection| {
            let (d_in, d_out) = (projection.config().d_in, projection.config().d_out);
            assert!(d_in == dim, "a projection of {d_in} features cannot follow a vector of {dim}");
            d_out
        });
        Self { encoder, projections, config }
    }

    /// The configuration.
    pub fn config(&self) -> &SentenceConfig {
        &self.config
    }

    /// The number of features of a text's vector.
    pub fn dim(&self) -> usize {
        let pooled = self.config.pooling.len() * self.encoder.config().stack.d_model;
        self.projections.last().map_or(pooled, |projection| projection.config().d_out)
    }

    /// The vector of each text. The first `prompt_len` tokens of each text are its prompt; see
    /// [`SentenceConfig::include_prompt`].
    ///
    /// # Shapes
    /// - output: `[batch, dim]`
    ///
    /// # Panics
    /// See [`Encoder::forward`].
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
                    None => unreachable!("new() checks that each step has a projection"),
                },
            };
        }
        vectors
    }
}

impl SentenceEncoder {
    /// The multiple negatives ranking loss (Henderson et al. 2017; Reimers & Gurevych 2019), summed over anchors, in nats: the
    /// cross entropy of finding the positive of an anchor among all candidates, whose logits are `scale` times the cosine.
    ///
    /// Row i of `candidates` is the positive of row i of `anchors`; further rows are negatives for all of them.
    ///
    /// # Shapes
    /// - output: `[1]`
    ///
    /// # Panics
    /// If there are fewer candidates than anchors; as [`Encoder::forward`].
    pub fn ranking_loss(
        &self,
        anchors: TokenBatch<'_>,
        candidates: TokenBatch<'_>,
        scale: f32,
        mode: Mode,
    ) -> Tensor<1> {
        let (n_anchors, n_candidates) = (anchors.lengths.len(), candidates.lengths.len());
        assert!(n_candidates >= n_anchors, "{n_candidates} candidates for {n_anchors} anchors");
        let anchors = normalize(self.forward(anchors, 0, mode.stream("anchors")));
        let candidates = normalize(self.forward(candidates, 0, mode.stream("candidates")));
        let positives: Vec<u32> = (0..n_anchors as u32).collect();
        let positives = id_tensor(&positives, &anchors.device());
        let none = LabelSmoothing::None;
        linear_cross_entropy(anchors * scale, candidates, None, positives, n_candidates, none)
    }
}

/// Divides each vector by its norm.
fn normalize(vectors: Tensor<2>) -> Tensor<2> {
    let norms = vectors.clone().square().sum_dim(1).sqrt(); // [batch, 1]
    vectors / norms.clamp_min(MIN_NORM)
}
