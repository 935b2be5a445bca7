#![doc = include_str!("../README.md")]

mod address;
mod cache;
mod cached;
mod client;
mod download;
mod environment;
mod error;
mod files;
mod headers;
mod metadata;

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use cache::Repository;
pub use cached::CachedModel;
use client::Client;
use download::Download;
pub use error::HubError;
use metadata::RemoteFile;

/// The address of the public Hub.
const ENDPOINT: &str = "https://huggingface.co";

/// The default timeout, as in `huggingface_hub`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A Hub and the cache for its models.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The address of the Hub.
    pub endpoint: String,
    /// The folder that holds `models--OWNER--NAME` folders.
    pub cache: PathBuf,
    /// The access token for private and gated models.
    pub token: Option<String>,
    /// Whether network access is forbidden.
    pub offline: bool,
    /// Timeout for requests for the description of a model or a file.
    pub etag_timeout: Duration,
    /// Timeout for receiving the next bytes of a download.
    pub download_timeout: Duration,
}

/// The progress of a download.
#[derive(Clone, Copy, Debug)]
pub struct FetchProgress<'a> {
    /// The current file.
    pub file: &'a str,
    /// Number of bytes received so far, over all files.
    pub done: u64,
    /// Total number of bytes of all files with a known size.
    pub total: u64,
}

/// The description of a revision of a model.
#[derive(Deserialize)]
struct Info {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

impl Hub {
    /// The public Hub without a token, with this cache.
    pub fn new(cache: PathBuf) -> Self {
        Self {
            endpoint: ENDPOINT.to_owned(),
            cache,
            token: None,
            offline: false,
            etag_timeout: TIMEOUT,
            download_timeout: TIMEOUT,
        }
    }

    /// Downloads the files of a model that are not in the cache, and returns its directory. These are the
    /// configuration, the tokenizer and the weights: `safetensors` if there are any, else PyTorch's.
    ///
    /// Interrupted downloads are resumed. Sizes are verified, as is the SHA-256 of large files. Offline, the model must
    /// be in the cache.
    ///
    /// # Errors
    /// If there is no such model or no access to it, it has no supported weights, the network fails, or a file has the wrong size
    /// or checksum; offline, if a file is missing.
    pub fn fetch(
        &self,
        id: &str,
        revision: &str,
        mut progress: impl FnMut(FetchProgress<'_>),
    ) -> Result<PathBuf, HubError> {
        files::check_names(id, revision)?;
        let repository = Repository::new(&self.cache, id);
        if self.offline {
            return files::in_cache(id, revision, repository.folder());
        }
        let client = Client::new(self, id, revision)?;
        let Info { sha, siblings } = client.info()?;
        let names: Vec<String> = siblings.into_iter().map(|file| file.rfilename).collect();
        let describe = |name: String| {
            let described = client.head(&name)?;
            let file = RemoteFile::new(name, described)?;
            match file.commit == sha {
                true => Ok(file),
                false => {
                    Err(HubError::Changed { id: id.to_owned(), revision: revision.to_owned() })
                }
            }
        };
        let wanted = files::choose(id, &names)?;
        let wanted = wanted.into_iter().map(describe).collect::<Result<Vec<RemoteFile>, _>>()?;

        repository.write_reference(revision, &sha)?;
        let total = wanted.iter().filter_map(|file| file.size).sum();
        let mut before = 0;
        for file in &wanted {
            let mut report = |done| {
                progress(FetchProgress { file: &file.name, done: before + done, total });
            };
            report(0);
            let path = repository.snapshot_file(&sha, &file.name);
            let size = Download { client: &client, repository: &repository, file }
                .run(&path, &mut report)?;
            report(size);
            before += size;
        }
        Ok(repository.snapshot(&sha))
    }
}
