//! The files of the embedded data sets, compressed in the binary and unpacked on first use.

use std::sync::OnceLock;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

/// A file of `data/`.
struct File {
    /// Its path in `data/`.
    name: &'static str,
    /// Its size.
    len: usize,
    /// Its bytes in zlib's format.
    packed: &'static [u8],
    /// Its bytes, after the first access.
    unpacked: OnceLock<Vec<u8>>,
}

impl File {
    const fn new(name: &'static str, len: usize, packed: &'static [u8]) -> Self {
        Self { name, len, packed, unpacked: OnceLock::new() }
    }

    fn bytes(&self) -> &[u8] {
        self.unpacked.get_or_init(|| {
            decompress_to_vec_zlib_with_limit(self.packed, self.len).unwrap_or_else(|error| {
                unreachable!("{} was packed by the build script: {error}", self.name)
            })
        })
    }
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The bytes of an embedded file, such as `sentiment/train.tsv`.
pub fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|file| file.name == name).map(File::bytes)
}

/// The names of all embedded files.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.name)
}
