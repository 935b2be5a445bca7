//! Reads numbers and strings from a `model.bin`, with lengths checked against the rest of the file.

use std::io::{BufRead, ErrorKind, Seek};
use std::path::Path;

use crate::WeightsError;

/// A position in a file of known length.
pub(super) struct Reader<'a, R> {
    source: R,
    path: &'a Path,
    offset: u64,
    len: u64,
}

impl<'a, R: BufRead + Seek> Reader<'a, R> {
    /// A reader at the start of a file of `len` bytes; `path` names it in errors.
    pub(super) fn new(source: R, path: &'a Path, len: u64) -> Self {
        Self { source, path, offset: 0, len }
    }

    /// The number of bytes read so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of bytes that are left.
    pub(super) fn rest(&self) -> u64 {
        self.len - self.offset
    }

    /// An error in the file.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> WeightsError {
        WeightsError::Ct2 { path: self.path.to_owned(), reason: reason.into() }
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8, WeightsError> {
        self.array(what).map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self, what: &str) -> Result<u16, WeightsError> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, WeightsError> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// Reads a string: its length including the final zero byte, then its bytes.
    pub(super) fn string(&mut self, what: &str) -> Result<String, WeightsError> {
        let len = usize::from(self.u16(what)?);
        let mut bytes = self.bytes(len, what)?;
        if bytes.pop() != Some(0) {
            return Err(self.wrong(format!("{what} does not end with a zero byte")));
        }
        String::from_utf8(bytes).map_err(|_| self.wrong(format!("{what} is not UTF-8")))
    }

    /// The next bytes.
    pub(super) fn bytes(&mut self, n: usize, what: &str) -> Result<Vec<u8>, WeightsError> {
        self.check_rest(n as u64, what)?;
        let mut bytes = vec![0; n];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    /// Skips the next bytes.
    pub(super) fn skip(&mut self, n: u64, what: &str) -> Result<(), WeightsError> {
        self.check_rest(n, what)?;
        let step = i64::try_from(n).map_err(|_| self.ends_in(what))?;
        self.source.seek_relative(step).map_err(WeightsError::io(self.path))?;
        self.offset += n;
        Ok(())
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], WeightsError> {
        self.check_rest(N as u64, what)?;
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8], what: &str) -> Result<(), WeightsError> {
        self.source.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.ends_in(what),
            _ => WeightsError::io(self.path)(error),
        })?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn check_rest(&self, n: u64, what: &str) -> Result<(), WeightsError> {
        if n > self.rest() { Err(self.ends_in(what)) } else { Ok(()) }
    }

    fn ends_in(&self, what: &str) -> WeightsError {
        self.wrong(format!("the file ends in {what}"))
    }
}
