#![doc = include_str!("../README.md")]

mod address;
mod cache;
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
use client::Client;
use download::Download;
pub use error::HubError;
use metadata::RemoteFile;

/// The address of the public Hub.
const ENDPOINT: &str = "https://huggingface.co";

/// How long to wait for a server that does not say anything, as in `huggingface_hub`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where models come from and where they are kept.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The address of the Hub.
    pub endpoint: String,
    /// The folder that holds `models--OWNER--NAME` folders.
    pub cache: PathBuf,
    /// The secret that opens private and gated models.
    pub token: Option<String>,
    /// Whether the network stays untouched.
    pub offline: bool,
    /// How long to wait for the next sign of life when a server is asked about a model or a file.
    pub etag_timeout: Duration,
    /// How long to wait for the next bytes of a file.
    pub download_timeout: Duration,
}

/// How far a fetch is.
#[derive(Clone, Copy, Debug)]
pub struct FetchProgress<'a> {
    /// The file that is on its way.
    pub file: &'a str,
    /// Bytes of all files that are here.
    pub done: u64,
    /// Bytes of all files, as far as the Hub tells their sizes.
    pub total: u64,
}

/// What the Hub says about a revision of a model.
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
    /// The public Hub without a token, with models in this folder.
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

    /// The directory of a model, after all its files that can be loaded are there: configuration, tokenizer and weights,
    /// `safetensors` rather than PyTorch's.
    ///
    /// Files that are there already are not fetched again, and half a file is completed. Sizes are checked, and the
    /// SHA-256 of large files. Offline the model must be in the cache.
    ///
    /// # Errors
    /// If the model is not there or not open to the token, it has no weights that can be loaded, the network fails, or
    /// a file arrives broken; offline, if something is missing.
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
