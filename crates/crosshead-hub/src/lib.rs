#![doc = include_str!("../README.md")]

mod download;
mod environment;
mod error;
mod files;

use std::path::PathBuf;

use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

use download::{Download, RemoteFile};
pub use error::HubError;

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
}

/// How far a fetch is.
#[derive(Clone, Copy, Debug)]
pub struct FetchProgress<'a> {
    /// The file that is on its way.
    pub file: &'a str,
    /// Bytes of all files that are here.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

impl Hub {
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
        let repo = Repo::with_revision(id.to_owned(), RepoType::Model, revision.to_owned());
        if self.offline {
            return files::in_cache(id, revision, &self.cache.join(repo.folder_name()));
        }
        let failed = |source: ApiError| HubError::of_request(self, id, revision, source);
        let api = self.api().map_err(failed)?;
        let remote = api.repo(repo.clone());
        let info = remote.info().map_err(failed)?;
        let names: Vec<String> = info.siblings.into_iter().map(|file| file.rfilename).collect();
        let describe = |name: String| {
            let metadata = api.metadata(&remote.url(&name)).map_err(failed)?;
            RemoteFile::new(name, &metadata)
        };
        let wanted = files::choose(id, &names)?;
        let wanted = wanted.into_iter().map(describe).collect::<Result<Vec<RemoteFile>, _>>()?;

        let cache = Cache::new(self.cache.clone()).repo(repo);
        let directory = cache.pointer_path(&info.sha);
        let total = wanted.iter().map(|file| file.size).sum();
        let mut before = 0;
        for file in &wanted {
            let mut report =
                |done| progress(FetchProgress { file: &file.name, done: before + done, total });
            report(0);
            let download = Download { remote: &remote, cache: &cache, file };
            download.run(&directory.join(&file.name), &mut report, &failed)?;
            report(file.size);
            before += file.size;
        }
        Ok(directory)
    }

    fn api(&self) -> Result<Api, ApiError> {
        ApiBuilder::from_cache(Cache::new(self.cache.clone()))
            .with_endpoint(self.endpoint.trim_end_matches('/').to_owned())
            .with_token(self.token.clone())
            .with_user_agent("crosshead", env!("CARGO_PKG_VERSION"))
            .build()
    }
}
