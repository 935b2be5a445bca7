//! The download of a file into the cache.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::Body;
use ureq::http::{Response, StatusCode};

use crate::HubError;
use crate::cache::{Repository, create_parent, remove};
use crate::client::{Client, may_pass};
use crate::headers::header;
use crate::metadata::RemoteFile;

/// Maximum number of consecutive retries without new bytes.
const RETRIES: usize = 3;

/// The pause before a retry.
const PAUSE: Duration = Duration::from_millis(500);

/// Bytes per write.
const CHUNK: usize = 1 << 16;

/// The download of one file into the cache.
pub(crate) struct Download<'a> {
    pub(crate) client: &'a Client<'a>,
    pub(crate) repository: &'a Repository,
    pub(crate) file: &'a RemoteFile,
}

/// How a transfer ended.
enum End {
    /// All bytes have arrived. The value is the size that the server announced, if any.
    Complete(Option<u64>),
    /// The transfer was interrupted.
    Interrupted(HubError),
}

impl Download<'_> {
    /// Downloads the missing part of the file, verifies it, links it at `path` and returns its size. `report` is called with the
    /// number of bytes that have arrived.
    pub(crate) fn run(&self, path: &Path, report: &mut dyn FnMut(u64)) -> Result<u64, HubError> {
        if let Some(size) = self.size_of(path) {
            return Ok(size);
        }
        let etag = &self.file.etag;
        let blob = self.repository.blob(etag);
        let lock = self.repository.lock(etag)?;
        let size = match self.size_of(&blob) {
            Some(size) => size,
            None => {
                let part = self.repository.part(etag);
                let promised = self.fetch(&part, report)?;
                let size = self.verify(&part, promised)?;
                fs::rename(&part, &blob).map_err(HubError::io(&blob))?;
                size
            }
        };
        self.repository.link(etag, path)?;
        drop(lock);
        Ok(size)
    }

    /// The size of a cached file, if it matches the size on the Hub.
    fn size_of(&self, path: &Path) -> Option<u64> {
        let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
        self.file.size.is_none_or(|size| size == found).then_some(found)
    }

    /// Downloads the file to `part`, and returns the size that the server announced.
    fn fetch(&self, part: &Path, report: &mut dyn FnMut(u64)) -> Result<Option<u64>, HubError> {
        create_parent(part)?;
        let mut here = fs::metadata(part).map_or(0, |found| found.len());
        // A complete file that was not moved into place has failed verification.
        if self.file.size.is_none_or(|size| here >= size) {
            remove(part)?;
            here = 0;
        }
        let mut retries = 0;
        loop {
            let before = here;
            let error = match self.transfer(part, &mut here, report)? {
                End::Complete(promised) => return Ok(promised),
                End::Interrupted(error) => error,
            };
            retries = if here > before { 0 } else { retries + 1 };
            let is_timeout = matches!(error, HubError::Timeout { .. });
            if retries > RETRIES || !(is_timeout || may_pass(&error)) {
                return Err(error);
            }
            thread::sleep(PAUSE);
        }
    }

    /// One transfer, starting at byte `here`, which advances as bytes arrive.
    fn transfer(
        &self,
        part: &Path,
        here: &mut u64,
        report: &mut dyn FnMut(u64),
    ) -> Result<End, HubError> {
        let answer = match self.client.get(&self.file.name, *here) {
            Ok(answer) => answer,
            Err(HubError::Refused { status: 416, .. }) if *here > 0 => {
                // The file has no bytes after `here`, so the partial download belongs to a different file.
                remove(part)?;
                *here = 0;
                match self.client.get(&self.file.name, 0) {
                    Ok(answer) => answer,
                    Err(error) => return Ok(End::Interrupted(error)),
                }
            }
            Err(error) => return Ok(End::Interrupted(error)),
        };
        // A server without range support sends the file from the start.
        let start = start_of(&answer, *here);
        if start > *here {
            let what = self.file.name.clone();
            return Err(HubError::Answer { what, missing: "first bytes" });
        }
        *here = start;
        let promised = promised_size(&answer, start);
        self.write(answer, part, here, report).map(|broken| match broken {
            Some(error) => End::Interrupted(error),
            None => End::Complete(promised),
        })
    }

    /// Appends arriving bytes to the first `here` bytes. Returns the error of an interrupted transfer.
    fn write(
        &self,
        answer: Response<Body>,
        part: &Path,
        here: &mut u64,
        report: &mut dyn FnMut(u64),
    ) -> Result<Option<HubError>, HubError> {
        let open = || {
            let file = File::options().create(true).append(true).open(part)?;
            file.set_len(*here).map(|()| file)
        };
        let mut file = open().map_err(HubError::io(part))?;
        let mut body = answer.into_body().into_reader();
        let mut chunk = vec![0; CHUNK];
        loop {
            let len = match body.read(&mut chunk) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Some(self.client.broke_off(&self.file.name, error))),
            };
            file.write_all(&chunk[..len]).map_err(HubError::io(part))?;
            *here += len as u64;
            report(*here);
            if self.file.size.is_some_and(|size| *here > size) {
                break;
            }
        }
        file.sync_all().map_err(HubError::io(part))?;
        Ok(None)
    }

    /// Verifies size and checksum of the download, removes it if they are wrong, and returns the size.
    fn verify(&self, part: &Path, promised: Option<u64>) -> Result<u64, HubError> {
        let size = fs::metadata(part).map_err(HubError::io(part))?.len();
        let expected = self.file.size.or(promised).unwrap_or(size);
        let reason = if size != expected {
            let more = if size > expected { "or more " } else { "" };
            format!("has {size} bytes {more}instead of {expected}")
        } else {
            let Some(expected) = self.file.sha256() else { return Ok(size) };
            let sum = sha256(part).map_err(HubError::io(part))?;
            if sum == expected {
                return Ok(size);
            }
            format!("has SHA-256 {sum} instead of {expected}")
        };
        remove(part)?;
        Err(HubError::Broken { file: self.file.name.clone(), reason })
    }
}

/// The offset of the first byte in the response to a request for the bytes from `asked` on.
fn start_of(answer: &Response<Body>, asked: u64) -> u64 {
    if answer.status() != StatusCode::PARTIAL_CONTENT {
        return 0;
    }
    let range = header(answer.headers(), "content-range");
    let start = range.and_then(|range| range.trim_start_matches("bytes").split('-').next());
    start.and_then(|start| start.trim().parse().ok()).unwrap_or(asked)
}

/// The size of the file, from a response that contains its bytes from `start` on; `None` if it is not announced or is
/// the size of compressed bytes.
fn promised_size(answer: &Response<Body>, start: u64) -> Option<u64> {
    let header = |name| header(answer.headers(), name);
    if header("content-encoding").is_some_and(|coding| coding != "identity") {
        return None;
    }
    let total = header("content-range").and_then(|range| range.rsplit('/').next()?.parse().ok());
    let length = || header("content-length")?.trim().parse().ok();
    total.or_else(|| length().map(|length: u64| start + length))
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        let len = bytes.len();
        file.consume(len);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
