#![doc = include_str!("../README.md")]

mod placeholder;
mod text;
mod write;

pub use placeholder::Placeholder;
pub use text::{TextError, decode_text, has_utf16_mark, read_text, strip_byte_order_mark};
pub use write::{write_atomic, write_atomic_with, write_directory};
