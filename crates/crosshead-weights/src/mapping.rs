//! Memory-mapped files.

use std::fs::File;
use std::io;
use std::path::Path;

use burn::tensor::{AllocationProperty, Bytes};
use memmap2::MmapOptions;

/// Maps `len` bytes of a file, starting at `offset`. Writing to the bytes copies them first.
///
/// Each tensor has its own mapping, so that dropping a tensor releases its memory.
#[allow(unsafe_code, reason = "another process may change a mapped file")]
pub(crate) fn map(path: &Path, offset: u64, len: u64) -> io::Result<Bytes> {
    let file = File::open(path)?;
    let end = offset.checked_add(len).filter(|&end| end <= file.metadata().map_or(0, |m| m.len()));
    let (Some(_), Ok(n_bytes)) = (end, usize::try_from(len)) else {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has been truncated"));
    };
    if n_bytes == 0 {
        return Ok(Bytes::from_bytes_vec(Vec::new()));
    }
    // SAFETY: the mapping is read-only and within the file, and `bytes::Bytes` owns it. Its bytes do not change unless
    // the file is changed in place. This crate never does that (it writes a new file and renames it), and
    // `TensorSource` asks its users not to, as PyTorch and safetensors do.
    let mapped = unsafe { MmapOptions::new().offset(offset).len(n_bytes).map(&file)? };
    Ok(Bytes::from_shared(bytes::Bytes::from_owner(mapped), AllocationProperty::File))
}
