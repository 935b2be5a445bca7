//! An optional tensor as an argument of a backend extension.

use burn::backend::autodiff::{checkpoint::strategy::CheckpointStrategy, ops::NodeGuard};
use burn::backend::flex::FlexTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, ExtensionType, Flex, tensor::FloatTensor,
};
use burn::tensor::Tensor;

use super::buffer::Buffer;

/// An optional tensor; `Option` itself cannot be an argument of a backend extension.
#[derive(ExtensionType)]
pub(crate) enum Optional<B: Backend> {
    /// No tensor.
    Absent,
    /// A tensor.
    Present(FloatTensor<B>),
}

impl<B: Backend> Optional<B> {
    /// The tensor, if present.
    pub(crate) fn into_option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Absent => None,
            Self::Present(tensor) => Some(tensor),
        }
    }
}

impl<C: CheckpointStrategy> Optional<Autodiff<Flex, C>> {
    /// Whether the tensor is present and tracked by autodiff.
    pub(crate) fn is_tracked(&self) -> bool {
        matches!(self, Self::Present(tensor) if tensor.is_tracked())
    }

    /// The tensor and its node; if absent, the node of an untracked tensor.
    pub(crate) fn into_parts(self) -> (Option<FlexTensor>, NodeGuard) {
        match self.into_option() {
            Some(tensor) => {
                let (tensor, node) = tensor.into_parts();
                (Some(tensor), node)
            }
            None => {
                let untracked = Buffer::zeros(0).into_tensor([0]);
                (None, Autodiff::<Flex, C>::from_inner(untracked).node())
            }
        }
    }
}

impl<const D: usize> From<Option<Tensor<D>>> for Optional<Dispatch> {
    fn from(tensor: Option<Tensor<D>>) -> Self {
        tensor.map_or(Self::Absent, |tensor| Self::Present(tensor.into_dispatch()))
    }
}
