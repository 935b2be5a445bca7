//! Learned positional embeddings.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Configuration of [`LearnedPositions`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedPositionsConfig {
    max_len: usize,
    d_model: usize,
    offset: usize,
}

impl LearnedPositionsConfig {
    /// A table of `max_len` positions of `d_model` features.
    pub fn new(max_len: usize, d_model: usize) -> Self {
        Self { max_len, d_model, offset: 0 }
    }

    /// The number of table rows before position 0 (2 in BART and RoBERTa). Default: 0.
    pub fn with_offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// The number of positions.
    pub fn max_len(&self) -> usize {
        self.max_len
    }

    /// The number of features.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// The number of table rows before position 0.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The table, filled with zeros: the model initializes it or loads it from a checkpoint.
    pub fn init(&self, device: &Device) -> LearnedPositions {
        let weight =
            Param::from_tensor(Tensor::zeros([self.offset + self.max_len, self.d_model], device));
        LearnedPositions { weight, offset: self.offset }
    }
}

/// A learned vector for each position (Gehring et al. 2017; used by BERT and GPT-2).
#[derive(Module, Debug)]
pub struct LearnedPositions {
    /// `[offset + max_len, d_model]`
    pub weight: Param<Tensor<2>>,
    #[module(skip)]
    offset: usize,
}

impl LearnedPositions {
    /// The embeddings of positions `start..start + len`.
    ///
    /// # Shapes
    /// - output: `[len, d_model]`
    ///
    /// # Panics
    /// If a position is outside the table.
    pub fn forward(&self, start: usize, len: usize) -> Tensor<2> {
        let max_len = self.max_len();
        assert!(
            start + len <= max_len,
            "positions {start}..{} exceed max_len ({max_len})",
            start + len
        );
        self.weight.val().narrow(0, self.offset + start, len)
    }

    /// The embeddings of the given positions.
    ///
    /// # Shapes
    /// - output: `[positions.len(), d_model]`
    ///
    /// # Panics
    /// If a position is outside the table.
    pub fn forward_at(&self, positions: &[usize]) -> Tensor<2> {
        let max_len = self.max_len();
        if let Some(position) = positions.iter().find(|&&position| position >= max_len) {
            panic!("position {position} exceeds max_len ({max_len})");
        }
        let rows: Vec<i32> = positions.iter().map(|&at| (self.offset + at) as i32).collect();
        let rows = TensorData::new(rows, [positions.len()]);
        self.weight.val().select(0, Tensor::<1, Int>::from_data(rows, &self.weight.lazy_device()))
    }

    /// The number of positions.
    pub fn max_len(&self) -> usize {
        self.weight.lazy_shape()[0] - self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(offset: usize) -> LearnedPositions {
        let device = Device::flex();
        let mut positions = LearnedPositionsConfig::new(4, 3).with_offset(offset).init(&device);
        let rows = (offset + 4) as i64;
        let values =
            Tensor::<1, Int>::arange(0..rows * 3, &device).float().reshape([rows as usize, 3]);
        positions.weight = Param::from_tensor(values);
        positions
    }

    #[test]
    fn position_n_is_row_n_after_the_offset() {
        let row: Vec<f32> = table(2).forward(1, 1).into_data().iter::<f32>().collect();
        assert_eq!(row, [9.0, 10.0, 11.0]);
    }

    #[test]
    fn looked_up_positions_equal_the_range() {
        let range = table(2).forward(1, 3).into_data();
        assert_eq!(table(2).forward_at(&[1, 2, 3]).into_data(), range);
    }

    #[test]
    #[should_panic(expected = "positions 3..5 exceed max_len (4)")]
    fn a_position_outside_the_table_panics() {
        table(2).forward(3, 2);
    }
}
