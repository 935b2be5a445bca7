//! Bytes of a file without a copy.

use std::fs::File;
use std::io;
use std::path::Path;

use burn::tensor::{AllocationProperty, Bytes};
use memmap2::MmapOptions;

/// `len` bytes of a file from `offset` on; a write to them copies first.
///
/// Each tensor has a mapping of its own, so that what is read and dropped leaves nothing behind.
#[allow(unsafe_code, reason = "the operating system keeps no promise about a mapped file")]
pub(crate) fn map(path: &Path, offset: u64, len: u64) -> io::Result<Bytes> {
    let file = File::open(path)?;
    let end = offset.checked_add(len).filter(|&end| end <= file.metadata().map_or(0, |m| m.len()));
    let (Some(_), Ok(n_bytes)) = (end, usize::try_from(len)) else {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter"));
    };
    if n_bytes == 0 {
        return Ok(Bytes::from_bytes_vec(Vec::new()));
    }
    // SAFETY: the mapping is read-only and lies inside the file, and `bytes::Bytes` keeps it for as long as it is read.
    // Its bytes stay what they are unless somebody changes the file in place: this crate never does (it writes a new file
    // and renames it), and `TensorSource` asks its users not to, as PyTorch and safetensors do.
    let mapped = unsafe { MmapOptions::new().offset(offset).len(n_bytes).map(&file)? };
    Ok(Bytes::from_shared(bytes::Bytes::from_owner(mapped), AllocationProperty::File))
}
