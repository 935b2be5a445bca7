//! One vector for a whole row.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How one vector stands for a whole row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The first token's vector.
    #[default]
    First,
    /// The mean of the real tokens' vectors (Reimers & Gurevych 2019).
    Mean,
    /// The largest value of each feature over the real tokens.
    Max,
}

impl Pooling {
    /// One vector for each row; padding counts for nothing, and a row without a token gives zeros.
    ///
    /// # Shapes
    /// - `states`: `[batch, len, d_model]`
    /// - output: `[batch, d_model]`
    ///
    /// # Panics
    /// If there are not as many lengths as rows.
    pub fn apply(self, states: Tensor<3>, lengths: &[usize]) -> Tensor<2> {
        let [batch, len, d_model] = states.dims();
        assert!(lengths.len() == batch, "{} lengths do not fit {batch} rows", lengths.len());
        // [batch, len, 1], 1 at real tokens
        let real = || {
            let real: Vec<f32> = lengths
                .iter()
                .flat_map(|&length| (0..len).map(move |at| if at < length { 1.0 } else { 0.0 }))
                .collect();
            Tensor::<1>::from_data(&*real, &states.device()).reshape([batch, len, 1])
        };
        let pooled = match self {
            Self::First => states.narrow(1, 0, 1),
            Self::Max => {
                let real = real();
                let any = real.clone().max_dim(1); // [batch, 1, 1]
                (states - (real.neg() + 1.0) * f32::MAX).max_dim(1) * any
            }
            Self::Mean => {
                let real = real();
                (states * real.clone()).sum_dim(1) / real.sum_dim(1).clamp_min(1.0)
            }
        };
        pooled.reshape([batch, d_model])
    }
}
