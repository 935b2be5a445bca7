//! Sinusoidal positional encodings.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// The order of sines and cosines, and their frequencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SinusoidLayout {
    /// sin, cos, sin, cos, …, as in the paper.
    #[default]
    Interleaved,
    /// All sines, then all cosines, as in Marian and Pegasus.
    Concatenated,
    /// All sines, then all cosines, with frequencies 10000^(−i / (d_model/2 − 1)), the last of which is exactly
    /// 1/10000, as in Tensor2Tensor, fairseq and M2M-100.
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
    /// Encodings of `d_model` features in the layout of the paper.
    pub fn new(d_model: usize) -> Self {
        Self { d_model, layout: SinusoidLayout::default(), offset: 0, base: 10_000.0 }
    }

    /// The order of sines and cosines. Default: [`SinusoidLayout::Interleaved`].
    pub fn with_layout(mut self, layout: SinusoidLayout) -> Self {
        self.layout = layout;
        self
    }

    /// The offset that is added to every position (2 in M2M-100). Default: 0.
    pub fn with_offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// The base of the wavelengths; 10,000 in the paper. Default: 10,000.
    pub fn with_base(mut self, base: f64) -> Self {
        self.base = base;
        self
    }

    /// The number of features.
    pub fn d_model(&self) -> usize {
        self.d_model
    }

    /// The order of sines and cosines.
    pub fn layout(&self) -> SinusoidLayout {
        self.layout
    }

    /// The offset that is added to every position.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The base of the wavelengths.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// The encodings. They have no parameters, so this takes no device.
    pub fn init(&self) -> SinusoidalPositions {
        let Self { d_model, layout, offset, base } = *self;
        let pairs = d_model.div_ceil(2);
        let exponent = |i: usize| match layout {
            SinusoidLayout::Tensor2Tensor => i as f64 / (pairs - 1).max(1) as f64,
            SinusoidLayout::Interleaved | SinusoidLayout::Concatenated => {
                (2 * i) as f64 / d_model as f64
            }
        };
        let wavelengths = (0..pairs).map(|i| base.powf(exponent(i))).collect();
        SinusoidalPositions { wavelengths, d_model, layout, offset }
    }
}

/// PE(pos, 2i) = sin(pos / 10000^(2i/d_model)), PE(pos, 2i+1) = cos of the same angle
/// (Vaswani et al. 2017, section 3.5). The number of positions is unlimited.
#[derive(Module, Debug)]
pub struct SinusoidalPositions {
    #[module(skip)]
    d_model: usize,
    #[module(skip)]
    layout: SinusoidLayout,
    #[module(skip)]
    offset: usize,
    /// The wavelength of each pair divided by 2π: the number of positions per radian.
    #[module(skip)]
    wavelengths: Vec<f64>,
}

impl SinusoidalPositions {
    /// The encodings of positions `start..start + len`.
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

    /// The encodings of positions `start..start + len` as a row-major `[len, d_model]` vector.
    pub fn values(&self, start: usize, len: usize) -> Vec<f32> {
        self.encode(start..start + len)
    }

    fn encode(&self, positions: impl ExactSizeIterator<Item = usize>) -> Vec<f32> {
        let mut values = Vec::with_capacity(positions.len() * self.d_model);
        positions.for_each(|position| self.write(self.offset + position, &mut values));
        values
    }

    /// Appends the encoding of a position, computed in f64.
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
    fn the_first_pair_rotates_by_one_radian_per_position() {
        let row = rows(SinusoidLayout::Interleaved, 6, 1, 1);
        assert_eq!((row[0], row[1]), (1_f64.sin() as f32, 1_f64.cos() as f32));
    }

    proptest! {
        #[test]
        fn encodings_at_an_offset_equal_the_full_table(
            start in 0usize..600, len in 1usize..9, d_model in 1usize..20, concatenated: bool,
        ) {
            let layout = if concatenated { SinusoidLayout::Concatenated } else { SinusoidLayout::Interleaved };
            let full = rows(layout, d_model, 0, start + len);
            prop_assert_eq!(&full[start * d_model..], &rows(layout, d_model, start, len)[..]);
        }

        #[test]
        fn interleaved_and_concatenated_layouts_have_the_same_values(position in 0usize..600, pairs in 1usize..10) {
            let interleaved = rows(SinusoidLayout::Interleaved, 2 * pairs, position, 1);
            let concatenated = rows(SinusoidLayout::Concatenated, 2 * pairs, position, 1);
            for i in 0..pairs {
                prop_assert_eq!(interleaved[2 * i], concatenated[i]);
                prop_assert_eq!(interleaved[2 * i + 1], concatenated[pairs + i]);
            }
        }
    }
}
