//! The cache that `huggingface_hub` uses: file contents in `blobs`, commits in `snapshots`, branches and tags in
//! `refs`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::HubError;

/// The cache folder of a model.
pub(crate) struct Repository {
    folder: PathBuf,
    locks: PathBuf,
}

impl Repository {
    pub(crate) fn new(cache: &Path, id: &str) -> Self {
        let name = format!("models--{}", id.replace('/', "--"));
        Self { folder: cache.join(&name), locks: cache.join(".locks").join(name) }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder with the model's locks.
    pub(crate) fn locks(&self) -> &Path {
        &self.locks
    }

    /// The directory of a commit.
    pub(crate) fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// The path of a file in a commit.
    pub(crate) fn snapshot_file(&self, commit: &str, name: &str) -> PathBuf {
        name.split('/').fold(self.snapshot(commit), |path, part| path.join(part))
    }

    /// The path of the content with this etag.
    pub(crate) fn blob(&self, etag: &str) -> PathBuf {
        self.folder.join("blobs").join(etag)
    }

    /// The path of the partial download of the content with this etag.
    pub(crate) fn part(&self, etag: &str) -> PathBuf {
        self.folder.join("blobs").join(format!("{etag}.part"))
    }

    /// Waits until no other program is downloading this content. Dropping the returned file releases the lock.
    pub(crate) fn lock(&self, etag: &str) -> Result<File, HubError> {
        let path = self.locks.join(format!("{etag}.lock"));
        let locked = || {
            fs::create_dir_all(&self.locks)?;
            let file = File::options().create(true).append(true).open(&path)?;
            match file.lock() {
                // The file system has no locks: continue without one.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
                locked => locked.map(|()| file),
            }
        };
        locked().map_err(HubError::io(&path))
    }

    /// Records the commit of a branch or tag.
    pub(crate) fn write_reference(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if revision == commit {
            return Ok(());
        }
        let path = revision.split('/').fold(self.folder.join("refs"), |path, part| path.join(part));
        create_parent(&path)?;
        fs::write(&path, commit).map_err(HubError::io(&path))
    }

    /// Links a file of a commit to the content with an etag.
    pub(crate) fn link(&self, etag: &str, path: &Path) -> Result<(), HubError> {
        create_parent(path)?;
        remove(path)?;
        let depth = path.strip_prefix(&self.folder).map_or(0, |inner| inner.components().count());
        let up: PathBuf = std::iter::repeat_n("..", depth.saturating_sub(1)).collect();
        link(&up.join("blobs").join(etag), &self.blob(etag), path).map_err(HubError::io(path))
    }
}

#[cfg(unix)]
fn link(target: &Path, _: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Other systems require a privilege to create links; there, the content is moved, as in `huggingface_hub`.
#[cfg(not(unix))]
fn link(_: &Path, blob: &Path, path: &Path) -> io::Result<()> {
    fs::rename(blob, path)
}

/// Creates the folder that contains a file.
pub(crate) fn create_parent(path: &Path) -> Result<(), HubError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(HubError::io(parent))
}

/// Removes a file, if it exists.
pub(crate) fn remove(path: &Path) -> Result<(), HubError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(HubError::io(path)(source)),
        _ => Ok(()),
    }
}
