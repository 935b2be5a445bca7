//! Random segmentations of a text (subword regularization).

mod bpe;
mod unigram;

use std::cell::RefCell;
use std::sync::Arc;

use fastrand::Rng;
use tokenizers::models::ModelWrapper;
use tokenizers::{OffsetType, PreTokenizer, Token};

use crate::pipeline::{Pipeline, Vocabulary};
use crate::tokenizer::Side;
use crate::{TokenizeError, Tokenizer};
use bpe::BpeDropout;
use unigram::UnigramSampling;

/// How the segmentations of a text are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SubwordSampling {
    /// BPE-dropout (Provilkov et al. 2020): each merge is left out with this probability, at every step.
    BpeDropout(f64),
    /// Sampling from a unigram language model (Kudo 2018): a segmentation has a probability proportional to its likelihood to
    /// this power, α.
    Unigram(f64),
}

impl SubwordSampling {
    /// The kind of tokenizer that it needs.
    fn needs(self) -> &'static str {
        match self {
            Self::BpeDropout(_) => "a BPE tokenizer",
            Self::Unigram(_) => "a unigram tokenizer",
        }
    }
}

/// A tokenizer that draws the segmentation of each text.
#[derive(Clone, Debug)]
pub struct SubwordSampler {
    tokenizer: Tokenizer,
    source: Arc<Segmenter>,
    target: Arc<Segmenter>,
}

/// Draws the segmentation of a word.
#[derive(Debug)]
enum Segmenter {
    Bpe(Box<BpeDropout>),
    Unigram(UnigramSampling),
}

impl Tokenizer {
    /// The same tokenizer, which draws the segmentation of each text.
    ///
    /// # Errors
    /// If the tokenizer is not of the kind that `sampling` needs.
    pub fn sampler(&self, sampling: SubwordSampling) -> Result<SubwordSampler, TokenizeError> {
        let segmenter = |pipeline: &Pipeline| match (sampling, pipeline.get_model().library()) {
            (SubwordSampling::BpeDropout(dropout), ModelWrapper::BPE(model)) => {
                BpeDropout::new(model, dropout).map(|bpe| Segmenter::Bpe(Box::new(bpe)))
            }
            (SubwordSampling::Unigram(alpha), ModelWrapper::Unigram(model)) => {
                UnigramSampling::new(model, alpha).map(Segmenter::Unigram)
            }
            (SubwordSampling::BpeDropout(_) | SubwordSampling::Unigram(_), _) => {
                Err(TokenizeError::Sampling { needed: sampling.needs() })
            }
        };
        let source = Arc::new(segmenter(&self.pipeline)?);
        let target = match &self.target {
            None => source.clone(),
            Some(pipeline) => Arc::new(segmenter(pipeline)?),
        };
        Ok(SubwordSampler { tokenizer: self.clone(), source, target })
    }
}

impl SubwordSampler {
    /// [`Tokenizer::encode_with_special`] with a segmentation that is a pure function of the text and `draw`.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_special(&self, text: &str, draw: u64) -> Result<Vec<u32>, TokenizeError> {
        self.run(&self.tokenizer.pipeline, &self.source, Side::Source, text, draw)
    }

    /// [`Tokenizer::encode_target`] with a segmentation that is a pure function of the text and `draw`.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_target(&self, text: &str, draw: u64) -> Result<Vec<u32>, TokenizeError> {
        self.run(self.tokenizer.target(), &self.target, Side::Target, text, draw)
    }

    fn run(
        &self,
        pipeline: &Pipeline,
        segmenter: &Segmenter,
        side: Side,
        text: &str,
        draw: u64,
    ) -> Result<Vec<u32>, TokenizeError> {
        let random = RefCell::new(Rng::with_seed(draw));
        self.tokenizer.encode_by(pipeline, side, text, |rest| {
            let added = pipeline.get_added_vocabulary();
            let mut words = added.extract_and_normalize(pipeline.get_normalizer(), rest);
            if let Some(pre_tokenizer) = pipeline.get_pre_tokenizer() {
                pre_tokenizer.pre_tokenize(&mut words)?;
            }
            words.tokenize(|word| {
                segmenter.segment(pipeline.get_model(), word.get(), &mut random.borrow_mut())
            })?;
            words.into_encoding(None, 0, OffsetType::None)
        })
    }
}

impl Segmenter {
    fn segment(
        &self,
        vocabulary: &Vocabulary,
        word: &str,
        random: &mut Rng,
    ) -> tokenizers::Result<Vec<Token>> {
        vocabulary.tokenize_by(word, |word| match self {
            Self::Bpe(bpe) => bpe.segment(word, random),
            Self::Unigram(unigram) => Ok(unigram.segment(word, random)),
        })
    }
}
