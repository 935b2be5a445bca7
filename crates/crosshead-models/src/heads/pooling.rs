//! Pooling of token vectors.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How the token vectors of a row are pooled into one (Reimers & Gurevych 2019).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The vector of the first token.
    #[default]
    First,
    /// The mean of the token vectors.
    Mean,
    /// The maximum of each feature over the tokens.
    Max,
    /// The sum of the token vectors, divided by the square root of their number.
    MeanSqrtLen,
    /// The mean of the token vectors, weighted by position, from 1 (Muennighoff 2022).
    WeightedMean,
    /// The vector of the last token.
    Last,
}

impl Pooling {
    /// Pools each row to one vector. Padding is ignored.
    ///
    /// # Shapes
    /// - `states`: `[batch, len, d_model]`
    /// - output: `[batch, d_model]`
    ///
    /// # Panics
    /// See [`apply_after`](Self::apply_after).
    pub fn apply(self, states: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
        self.apply_after(0, states, lengths)
    }

    /// Pools each row to one vector, leaving out its first `skipped` tokens. Padding is ignored; positions include the
    /// skipped tokens. A row without other tokens gives zeros, or its first vector for [`First`](Self::First).
    ///
    /// # Shapes
    /// - `states`: `[batch, len, d_model]`
    /// - output: `[batch, d_model]`
    ///
    /// # Panics
    /// If the number of lengths is not the number of rows.
    pub fn apply_after(self, skipped: usize, states: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
        let [batch, len, d_model] = states.dims();
        assert!(lengths.len() == batch, "{} lengths for {batch} rows", lengths.len());
        // A weight for each token, [batch, len, 1]
        let weights = |weight: &dyn Fn(usize, usize) -> f32| {
            let of_row = |&length: &usize| (0..len).map(move |at| weight(at, length));
            let values: Vec<f32> = lengths.iter().flat_map(of_row).collect();
            Tensor::<1>::from_data(&*values, &states.device()).reshape([batch, len, 1])
        };
        let is_kept = |at: usize, length: usize| (skipped..length).contains(&at);
        let one_if = |is: bool| f32::from(u8::from(is));
        let kept = || weights(&|at, length| one_if(is_kept(at, length)));
        let pooled = match self {
            Self::First if skipped == 0 => states.narrow(1, 0, 1),
            Self::First => {
                let first = |length| if skipped < length { skipped } else { 0 };
                (states.clone() * weights(&|at, length| one_if(at == first(length)))).sum_dim(1)
            }
            Self::Last => {
                let is_last = |at, length| at + 1 == length && is_kept(at, length);
                (states.clone() * weights(&|at, length| one_if(is_last(at, length)))).sum_dim(1)
            }
            Self::Max => {
                let kept = kept();
                let any = kept.clone().max_dim(1); // [batch, 1, 1]
                (states - (kept.neg() + 1.0) * f32::MAX).max_dim(1) * any
            }
            Self::Mean => {
                let kept = kept();
                (states * kept.clone()).sum_dim(1) / kept.sum_dim(1).clamp_min(1.0)
            }
            Self::MeanSqrtLen => {
                let kept = kept();
                (states * kept.clone()).sum_dim(1) / kept.sum_dim(1).clamp_min(1.0).sqrt()
            }
            Self::WeightedMean => {
                let positions =
                    weights(&|at, length| one_if(is_kept(at, length)) * (at + 1) as f32);
                (states * positions.clone()).sum_dim(1) / positions.sum_dim(1).clamp_min(1.0)
            }
        };
        pooled.reshape([batch, d_model])
    }
}
