//! Values of a linear layer in the fixtures of optimizers.

use std::collections::BTreeMap;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead_kernels::{Linear, LinearConfig};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Values {
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

impl Values {
    /// Gradients with these values.
    pub(crate) fn gradients(&self, device: &Device) -> BTreeMap<String, Tensor<1>> {
        let tensor = |values: &[f32]| Tensor::from_data(values, device);
        BTreeMap::from([
            ("weight".to_owned(), tensor(&self.weight)),
            ("bias".to_owned(), tensor(&self.bias)),
        ])
    }

    /// A layer with these values and a weight of this shape.
    pub(crate) fn model(&self, shape: [usize; 2], device: &Device) -> Linear {
        let [d_out, d_in] = shape;
        let mut model = LinearConfig::new(d_in, d_out).init(device);
        let weight = TensorData::new(self.weight.clone(), shape);
        model.weight = Param::from_tensor(Tensor::from_data(weight, device));
        model.bias = Some(Param::from_tensor(Tensor::from_data(self.bias.as_slice(), device)));
        model
    }
}
