//! Files as numbered lines of text.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::DataError;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How a pointer of Git LFS begins.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::IsADirectory => DataError::IsDirectory { path: path.to_owned() },
        _ => DataError::Read { path: path.to_owned(), source },
    })
}

/// The lines of a text with their numbers, from 1, without their ends (LF or CRLF) and a byte order mark.
///
/// Lines are checked as they come, so that an error names the first line that is wrong in any way.
pub(crate) fn lines<'a>(
    name: &'a str,
    bytes: &'a [u8],
) -> Result<impl Iterator<Item = Result<(usize, &'a str), DataError>>, DataError> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if bytes.is_empty() {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    if bytes.starts_with(LFS_POINTER) {
        return Err(DataError::LfsPointer { name: name.to_owned() });
    }
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Ok((1..).zip(bytes.split(|&byte| byte == b'\n')).map(move |(line, bytes)| {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        match str::from_utf8(bytes) {
            Ok(text) => Ok((line, text)),
            Err(_) => Err(DataError::InvalidUtf8 { name: name.to_owned(), line }),
        }
    }))
}
