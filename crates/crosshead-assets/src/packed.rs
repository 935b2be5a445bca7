//! Files as the build script packs them.

use std::borrow::Cow;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

/// A file.
#[derive(Debug)]
pub(crate) struct Packed {
    /// Its path.
    name: &'static str,
    /// Its size.
    len: usize,
    content: Content,
}

/// The bytes of a file.
#[derive(Debug)]
pub(crate) enum Content {
    /// As they are.
    #[allow(dead_code, reason = "which variants are used depends on the files")]
    Plain(&'static [u8]),
    /// In zlib's format.
    Zlib(&'static [u8]),
}

impl Packed {
    pub(crate) const fn new(name: &'static str, len: usize, content: Content) -> Self {
        Self { name, len, content }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The bytes of the file.
    pub(crate) fn unpack(&self) -> Cow<'static, [u8]> {
        match self.content {
            Content::Plain(bytes) => Cow::Borrowed(bytes),
            Content::Zlib(packed) => {
                let bytes = decompress_to_vec_zlib_with_limit(packed, self.len);
                Cow::Owned(bytes.unwrap_or_else(|error| {
                    unreachable!("{} was packed by the build script: {error}", self.name)
                }))
            }
        }
    }
}
