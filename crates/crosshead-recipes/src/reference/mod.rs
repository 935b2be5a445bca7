//! The reference of recipe keys: type, default, allowed values and meaning, from the code.

mod entries;
mod render;

pub use crate::recipe::Choice;
pub use entries::{Key, TaskDefault, UnknownKey, find, keys};
pub use render::{listing, markdown};
