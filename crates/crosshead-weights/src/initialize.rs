//! Weight initialization.

use burn::module::Module;
use burn::tensor::TensorData;
use crosshead_kernels::{RandomKey, glorot_uniform};
use crosshead_position::SinusoidalPositionsConfig;

use crate::parameters;

/// The suffixes of the paths of embedding tables.
const TABLES: [&str; 3] = ["embedding", "token_types", POSITIONS];

/// The learned position embeddings.
const POSITIONS: &str = "positions.weight";

/// The distribution of the initial weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialization {
    /// Matrices are Glorot-uniform (Glorot & Bengio 2010), embedding tables are drawn from N(0, 1/d_model).
    Glorot,
    /// Matrices and embedding tables are drawn from N(0, 0.02²), as in BERT (Devlin et al. 2019). Learned positions are
    /// initialized with sinusoids (Vaswani et al. 2017) of the same root mean square: this way, an encoder learns
    /// earlier to attend to neighbors.
    Bert,
}

/// The standard deviation of [`Initialization::Bert`].
const BERT_DEVIATION: f32 = 0.02;

/// Draws every matrix. The row `padding_id` of `embedding` is zero.
///
/// Each value is a pure function of the seed and the parameter's path, and the same on every device. Biases and norms
/// keep their values.
pub fn initialize<M: Module>(
    model: M,
    initialization: Initialization,
    seed: u64,
    padding_id: Option<u32>,
) -> M {
    initialize_where(model, initialization, seed, padding_id, |_| true)
}

/// Like [`initialize`], but only for matrices with a path that satisfies `f`, such as a new head on a pretrained
/// encoder.
pub fn initialize_where<M: Module>(
    model: M,
    initialization: Initialization,
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
        let key = key.stream(path);
        let is_table = TABLES.iter().any(|table| path.ends_with(table));
        let padding = padding_id.filter(|_| path.ends_with("embedding"));
        let normal = |deviation| normal(key, [rows, columns], deviation, padding);
        let values = match initialization {
            Initialization::Bert if path.ends_with(POSITIONS) => sinusoids(rows, columns),
            Initialization::Bert => normal(BERT_DEVIATION),
            Initialization::Glorot if is_table => normal((columns as f32).powf(-0.5)),
            Initialization::Glorot => glorot_uniform(key, columns, rows),
        };
        Some(TensorData::new(values, [rows, columns]))
    })
}

/// Sinusoids with the root mean square of [`Initialization::Bert`]. The longest wavelength is about the length of the
/// table.
fn sinusoids(rows: usize, columns: usize) -> Vec<f32> {
    let mut values =
        SinusoidalPositionsConfig::new(columns).with_base(rows as f64).init().values(0, rows);
    values.iter_mut().for_each(|value| *value *= BERT_DEVIATION * std::f32::consts::SQRT_2);
    values
}

/// Values from N(0, `deviation`²). The row `zero_row` is zero.
fn normal(
    key: RandomKey,
    [rows, columns]: [usize; 2],
    deviation: f32,
    zero_row: Option<u32>,
) -> Vec<f32> {
    let mut values = key.normal(rows * columns);
    for (index, row) in values.chunks_exact_mut(columns).enumerate() {
        let is_zero = zero_row == Some(index as u32);
        row.iter_mut().for_each(|value| *value *= if is_zero { 0.0 } else { deviation });
    }
    values
}
