//! The compute type of a model.

use burn::module::Module;
use crosshead_weights::parameters;

use crate::paths;

/// The type used for the weights of projections and of the embedding.
///
/// With int8, a projection also quantizes its input rows and accumulates in i32; everything else is computed in f32. Devices
/// other than Flex always compute in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComputeType {
    /// The type stored in the files.
    #[default]
    Auto,
    /// f32.
    F32,
    /// int8 with one scale per output feature.
    Int8,
}

impl ComputeType {
    /// Converts the weights of a model.
    pub fn apply<M: Module>(self, model: M) -> M {
        match self {
            Self::Auto => model,
            Self::F32 => parameters::to_f32(model),
            Self::Int8 => parameters::to_int8(model, paths::takes_int8),
        }
    }
}
