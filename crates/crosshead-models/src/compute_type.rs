//! The type that a model computes in.

use burn::module::Module;
use crosshead_weights::parameters;

use crate::paths;

/// The type of the weights that a model computes with.
///
/// In int8 the weights of projections and the embedding are signed bytes with one scale for each row. A projection rounds
/// each row that it reads to signed bytes too, and sums exactly; everything else is f32. Devices other than Flex
/// compute in f32 whatever the type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComputeType {
    /// As the files have them.
    #[default]
    Auto,
    /// f32.
    F32,
    /// Signed bytes.
    Int8,
}

impl ComputeType {
    /// The model with weights of that type.
    pub fn apply<M: Module>(self, model: M) -> M {
        match self {
            Self::Auto => model,
            Self::F32 => parameters::to_f32(model),
            Self::Int8 => parameters::to_int8(model, paths::takes_int8),
        }
    }
}
