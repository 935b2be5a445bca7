//! Sinusoidal positional encodings.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// The order of sines and cosines in an encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SinusoidLayout {
    /// sin, cos, sin, cos, … as in the paper.
    #[default]
    Interleaved,
    /// All sines, then all cosines, as in Marian and Pegasus.
    Concatenated,
    /// All sines, then all cosines, with frequencies that end at exactly 1/10000: 10000^(−i / (d_model/2 − 1)), as in
    /// Tensor2Tensor, fairseq and M2M-100.
    Tensor2Tensor,
}

/// Configuration of [`SinusoidalPositions`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinusoidalPositionsConfig {
    d_model: usize,
    layout: SinusoidLayout,
    offset: usize,
    base: f64,
}

impl SinusoidalPositionsConfig {
    /// Encodings of `d_model` features in the paper's layout.
    pub fn new(d_model: usize) -> Self {
        Self { d_model, layout: SinusoidLayout::default(), offset: 0, base: 10_000.0 }
    }

    /// The order of sines and cosines. Default: interleaved, the paper's.
    pub fn with_layout(mut self, layout: SinusoidLayout) -> Self {
        self.layout = layout;
        self
    }

    /// What position 0 counts as (2 in M2M-100). Default: 0.
    pub fn with_offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// How many times longer the last wavelength is than the first. Default: 10,000, the paper's.
    pub fn with_base(mut self, base: f64) -> Self {
        self.base = base;
        self
    }

    /// The encodings. They have no tensors, so no device is asked for.
    pub fn init(&self) -> SinusoidalPositions {
        let Self { d_model, layout, offset, base } = *self;
        let pairs = d_model.div_ceil(2);
        // The share of the way from the first wavelength to the last.
        let share = |i: usize| match layout {
            SinusoidLayout::Tensor2Tensor => i as f64 / (pairs - 1).max(1) as f64,
            SinusoidLayout::Interleaved | SinusoidLayout::Concatenated => {
                (2 * i) as f64 / d_model as f64
            }
        };
        let wavelengths = (0..pairs).map(|i| base.powf(share(i))).collect();
        SinusoidalPositions { wavelengths, d_model, layout, offset }
    }
}

/// PE(pos, 2i) = sin(pos / 10000^(2i/d_model)), PE(pos, 2i+1) = cos of the same angle
/// (Vaswani et al. 2017, section 3.5). Any position has an encoding.
#[derive(Module, Debug)]
pub struct SinusoidalPositions {
    #[module(skip)]
    d_model: usize,
    #[module(skip)]
    layout: SinusoidLayout,
    #[module(skip)]
    offset: usize,
    /// Positions in which the angle of each pair grows by one radian.
    #[module(skip)]
    wavelengths: Vec<f64>,
}

impl SinusoidalPositions {
    /// The encodings of positions `start` to `start + len - 1`.
    ///
    /// # Shapes
    /// - output: `[len, d_model]`
    pub fn forward(&self, start: usize, len: usize, device: &Device) -> Tensor<2> {
        let values = TensorData::new(self.values(start, len), [len, self.d_model]);
        Tensor::from_data(values, device)
    }

    /// The encodings of the given positions.
    ///
    /// # Shapes
    /// - output: `[positions.len(), d_model]`
    pub fn forward_at(&self, positions: &[usize], device: &Device) -> Tensor<2> {
        let values = self.encode(positions.iter().copied());
        Tensor::from_data(TensorData::new(values, [positions.len(), self.d_model]), device)
    }

    /// The encodings of positions `start` to `start + len - 1` as plain numbers, `[len, d_model]` in row-major order.
    pub fn values(&self, start: usize, len: usize) -> Vec<f32> {
        self.encode(start..start + len)
    }

    fn encode(&self, positions: impl ExactSizeIterator<Item = usize>) -> Vec<f32> {
        let mut values = Vec::with_capacity(positions.len() * self.d_model);
        positions.for_each(|position| self.write(self.offset + position, &mut values));
        values
    }

    /// Appends one position's encoding, computed in f64.
    fn write(&self, position: usize, row: &mut Vec<f32>) {
        let pairs = self.wavelengths.len();
        let angle = |i: usize| position as f64 / self.wavelengths[i];
        match self.layout {
            SinusoidLayout::Interleaved => row.extend((0..self.d_model).map(|j| match j % 2 {
                0 => angle(j / 2).sin() as f32,
                _ => angle(j / 2).cos() as f32,
            })),
            SinusoidLayout::Concatenated | SinusoidLayout::Tensor2Tensor => {
                row.extend((0..pairs).map(|i| angle(i).sin() as f32));
                row.extend((0..self.d_model - pairs).map(|i| angle(i).cos() as f32));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(layout: SinusoidLayout, d_model: usize, start: usize, len: usize) -> Vec<f32> {
        let positions = SinusoidalPositionsConfig::new(d_model).with_layout(layout).init();
        positions.forward(start, len, &Device::flex()).into_data().iter::<f32>().collect()
    }

    #[test]
    fn position_zero_is_sin_zero_and_cos_zero() {
        assert_eq!(rows(SinusoidLayout::Interleaved, 4, 0, 1), [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(rows(SinusoidLayout::Concatenated, 4, 0, 1), [0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn the_angle_of_the_first_pair_grows_by_one_radian_a_position() {
        let row = rows(SinusoidLayout::Interleaved, 6, 1, 1);
        assert_eq!((row[0], row[1]), (1_f64.sin() as f32, 1_f64.cos() as f32));
    }

    proptest! {
        #[test]
        fn a_row_at_an_offset_is_the_row_of_the_whole_table(
            start in 0usize..600, len in 1usize..9, d_model in 1usize..20, concatenated: bool,
        ) {
            let layout = if concatenated { SinusoidLayout::Concatenated } else { SinusoidLayout::Interleaved };
            let whole = rows(layout, d_model, 0, start + len);
            prop_assert_eq!(&whole[start * d_model..], &rows(layout, d_model, start, len)[..]);
        }

        #[test]
        fn layouts_hold_the_same_values(position in 0usize..600, pairs in 1usize..10) {
            let interleaved = rows(SinusoidLayout::Interleaved, 2 * pairs, position, 1);
            let concatenated = rows(SinusoidLayout::Concatenated, 2 * pairs, position, 1);
            for i in 0..pairs {
                prop_assert_eq!(interleaved[2 * i], concatenated[i]);
                prop_assert_eq!(interleaved[2 * i + 1], concatenated[pairs + i]);
            }
        }
    }
}
