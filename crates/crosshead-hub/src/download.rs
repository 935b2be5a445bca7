use std::fs::{self, File};
use std::io;
use std::path::Path;

use hf_hub::CacheRepo;
use hf_hub::api::Progress;
use hf_hub::api::sync::{ApiError, ApiRepo, Metadata};
use sha2::{Digest, Sha256};

use super::HubError;

/// How often a connection that breaks is taken up again.
const ATTEMPTS: usize = 4;

/// A file that a model needs, as the Hub describes it.
pub(super) struct RemoteFile {
    pub(super) name: String,
    pub(super) size: u64,
    /// What tells this content from any other: of large files the SHA-256.
    etag: String,
}

impl RemoteFile {
    /// The file of that name; what the Hub says of it becomes part of a path.
    pub(super) fn new(name: String, metadata: &Metadata) -> Result<Self, HubError> {
        let is_plain = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !is_plain(metadata.etag()) || !is_plain(metadata.commit_hash()) {
            return Err(HubError::Answer { file: name });
        }
        Ok(Self { name, size: metadata.size() as u64, etag: metadata.etag().to_owned() })
    }
}

/// One file on its way into the cache.
pub(super) struct Download<'a> {
    pub(super) remote: &'a ApiRepo,
    pub(super) cache: &'a CacheRepo,
    pub(super) file: &'a RemoteFile,
}

impl Download<'_> {
    /// Fetches what is missing of the file, and checks it; `report` is told the bytes that are there.
    pub(super) fn run(
        &self,
        path: &Path,
        report: &mut dyn FnMut(u64),
        failed: &impl Fn(ApiError) -> HubError,
    ) -> Result<(), HubError> {
        if fs::metadata(path).is_ok_and(|present| present.len() == self.file.size) {
            return Ok(());
        }
        self.drop_useless_part()?;
        let mut attempt = 1;
        loop {
            let reporter = Reporter { report: &mut *report, done: 0 };
            match self.remote.download_with_progress(&self.file.name, reporter) {
                Ok(_) => return self.verify(path),
                Err(error) if attempt < ATTEMPTS && is_broken_connection(&error) => attempt += 1,
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Removes the part of a file that can't be completed, because it is as long as the file.
    fn drop_useless_part(&self) -> Result<(), HubError> {
        let part = self.cache.blob_path(&self.file.etag).with_extension("part");
        match fs::metadata(&part) {
            Ok(found) if found.len() >= self.file.size => {
                fs::remove_file(&part).map_err(|source| HubError::Io { path: part, source })
            }
            _ => Ok(()),
        }
    }

    /// Checks the file's size and checksum, and removes a broken one.
    fn verify(&self, path: &Path) -> Result<(), HubError> {
        let io_error = |source| HubError::Io { path: path.to_owned(), source };
        let size = fs::metadata(path).map_err(io_error)?.len();
        let reason = if size != self.file.size {
            format!("has {size} bytes instead of {}", self.file.size)
        } else if is_sha256(&self.file.etag) {
            let sum = sha256(path).map_err(io_error)?;
            if sum == self.file.etag {
                return Ok(());
            }
            format!("has SHA-256 {sum} instead of {}", self.file.etag)
        } else {
            return Ok(());
        };
        let blob = self.cache.blob_path(&self.file.etag);
        for broken in [path, &blob] {
            match fs::remove_file(broken) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(HubError::Io { path: broken.to_owned(), source });
                }
                _ => {}
            }
        }
        Err(HubError::Broken { file: self.file.name.clone(), reason })
    }
}

/// Large files have their SHA-256 as etag, others an identifier of git's.
fn is_sha256(etag: &str) -> bool {
    etag.len() == 64 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}

fn is_broken_connection(error: &ApiError) -> bool {
    match error {
        ApiError::IoError(error) => error.kind() != io::ErrorKind::PermissionDenied,
        _ => false,
    }
}

/// Counts the bytes of a file.
struct Reporter<'a> {
    report: &'a mut dyn FnMut(u64),
    done: u64,
}

impl Progress for Reporter<'_> {
    fn init(&mut self, _: usize, _: &str) {
        self.done = 0;
    }

    fn update(&mut self, size: usize) {
        self.done += size as u64;
        (self.report)(self.done);
    }

    fn finish(&mut self) {}
}
