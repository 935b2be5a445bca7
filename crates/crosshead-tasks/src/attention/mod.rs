//! Attention maps, with the tokens as text.

mod axis;
mod map;
mod svg;

pub use axis::AttentionToken;
pub(crate) use axis::Axis;
pub use map::{AttentionHead, AttentionLayers, AttentionMap, AttentionMaps};
pub(crate) use map::{Axes, checked, layers};
pub use svg::{AttentionPanel, attention_svg};
