//! The files of the embedded data sets, compressed in the binary and unpacked on first use.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::packed::{Content, Packed};

/// A file of `data/`.
struct File {
    packed: Packed,
    /// Its bytes, after the first access.
    unpacked: OnceLock<Cow<'static, [u8]>>,
}

impl File {
    const fn new(packed: Packed) -> Self {
        Self { packed, unpacked: OnceLock::new() }
    }

    fn bytes(&self) -> &[u8] {
        self.unpacked.get_or_init(|| self.packed.unpack())
    }
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The bytes of an embedded file, such as `sentiment/train.tsv`.
pub fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|file| file.packed.name() == name).map(File::bytes)
}

/// The names of all embedded files.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.packed.name())
}
