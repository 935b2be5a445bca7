//! The first weights of a model that is trained from scratch.

use burn::module::Module;
use burn::tensor::TensorData;
use crosshead_kernels::{RandomKey, glorot_uniform};
use crosshead_position::SinusoidalPositionsConfig;

use crate::parameters;

/// The tables whose rows are vectors of their own, drawn like embeddings.
const TABLES: [&str; 3] = ["embedding", "token_types", POSITIONS];

/// The table of learned positions.
const POSITIONS: &str = "positions.weight";

/// The distribution that matrices are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialization {
    /// Glorot-uniform (Glorot & Bengio 2010), but tables of vectors from N(0, 1/d_model).
    Glorot,
    /// N(0, 0.02²), tables of vectors too, as in BERT (Devlin et al. 2019); but learned positions begin as sinusoids
    /// (Vaswani et al. 2017) of that size, by which an encoder finds out sooner which neighbours to look at.
    Bert,
}

/// The standard deviation of [`Initialization::Bert`].
const BERT_DEVIATION: f32 = 0.02;

/// Draws every matrix, with the `embedding`'s row of `padding_id` zero.
///
/// A value is a pure function of the seed and the parameter's path: the same on every device. Biases and norms
/// keep their values.
pub fn initialize<M: Module>(
    model: M,
    initialization: Initialization,
    seed: u64,
    padding_id: Option<u32>,
) -> M {
    initialize_where(model, initialization, seed, padding_id, |_| true)
}

/// As [`initialize`], but only the matrices for whose path `f` holds: those that a pretrained model does not bring.
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

/// Sinusoids whose mean square is that of [`Initialization::Bert`]; none is so slow that it hardly differs over the table.
fn sinusoids(rows: usize, columns: usize) -> Vec<f32> {
    let mut values =
        SinusoidalPositionsConfig::new(columns).with_base(rows as f64).init().values(0, rows);
    values.iter_mut().for_each(|value| *value *= BERT_DEVIATION * std::f32::consts::SQRT_2);
    values
}

/// Rows from N(0, `deviation`²), but for one of zeros.
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
