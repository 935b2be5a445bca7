//! The first weights of a model that is trained from scratch.

use burn::module::Module;
use burn::tensor::TensorData;
use crosshead_kernels::{RandomKey, linear::glorot_uniform};

use crate::parameters;

/// The tables whose rows are vectors of their own, drawn like embeddings.
const TABLES: [&str; 3] = ["embedding", "token_types", "positions.weight"];

/// Draws every matrix: Glorot-uniform (Glorot & Bengio 2010), but tables of vectors from N(0, 1/d_model), with the
/// `embedding`'s row of `padding_id` zero.
///
/// A value is a pure function of the seed and the parameter's path: the same on every device. Biases and norms
/// keep their values.
pub fn initialize<M: Module>(model: M, seed: u64, padding_id: Option<u32>) -> M {
    initialize_where(model, seed, padding_id, |_| true)
}

/// As [`initialize`], but only the matrices for whose path `f` holds: those that a pretrained model does not bring.
pub fn initialize_where<M: Module>(
    model: M,
    seed: u64,
    padding_id: Option<u32>,
    f: impl Fn(&str) -> bool,
) -> M {
    let key = RandomKey::new(seed).stream("weights");
    parameters::replace(model, |path, shape| {
        let &[rows, columns] = shape else { return None };
        if !f(path) {
            return None;
        }
        let values = if TABLES.iter().any(|table| path.ends_with(table)) {
            let padding = padding_id.filter(|_| path.ends_with("embedding"));
            embedding_normal(key.stream(path), rows, columns, padding)
        } else {
            glorot_uniform(key.stream(path), columns, rows)
        };
        Some(TensorData::new(values, [rows, columns]))
    })
}

fn embedding_normal(
    key: RandomKey,
    vocab_size: usize,
    d_model: usize,
    padding_id: Option<u32>,
) -> Vec<f32> {
    let deviation = (d_model as f32).powf(-0.5);
    let mut values = key.normal(vocab_size * d_model);
    for (id, row) in values.chunks_exact_mut(d_model).enumerate() {
        row.iter_mut().for_each(|value| {
            *value *= if padding_id == Some(id as u32) { 0.0 } else { deviation }
        });
    }
    values
}
