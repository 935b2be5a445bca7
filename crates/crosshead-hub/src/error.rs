//! Download errors.

use std::path::{Path, PathBuf};

/// A download error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// There is no directory for the cache.
    #[error("no home directory for the cache: set HF_HOME or HF_HUB_CACHE")]
    NoHome,
    /// An invalid name of a model or revision.
    #[error(
        "`{name}` is not a valid {kind}: a model is OWNER/NAME, a revision is a branch, tag or commit"
    )]
    Name {
        /// `model` or `revision`.
        kind: &'static str,
        /// The value that was given.
        name: String,
    },
    /// The Hub has no such model, or refuses access to it.
    #[error("{id}: {endpoint} responded with status {status}: {advice}")]
    Refused {
        /// The model.
        id: String,
        /// The address of the Hub.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// What to do.
        advice: String,
    },
    /// An invalid Hub address.
    #[error(
        "`{endpoint}` is not a valid URL: set HF_ENDPOINT to the URL of a Hub, such as https://huggingface.co"
    )]
    Endpoint {
        /// The value that was given.
        endpoint: String,
    },
    /// An environment variable that is not a whole number of seconds.
    #[error("{name}: `{value}` is not a whole number of seconds")]
    Variable {
        /// The environment variable.
        name: &'static str,
        /// The value that it is set to.
        value: String,
    },
    /// The network or the Hub failed.
    #[error("{id}: no response from {address}: {source}; partial downloads are kept, so try again")]
    Request {
        /// The model.
        id: String,
        /// The URL of the request.
        address: String,
        /// The error from the HTTP client.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server did not respond in time.
    #[error(
        "{id}: no response from {address} within {seconds} s; partial downloads are kept, so try again, \
         or set {variable} to more seconds"
    )]
    Timeout {
        /// The model.
        id: String,
        /// The URL of the request.
        address: String,
        /// The timeout.
        seconds: u64,
        /// The environment variable that sets it.
        variable: &'static str,
    },
    /// Too many redirects.
    #[error(
        "{id}: too many redirects, the last one to {address}; is HF_ENDPOINT the URL of a Hub?"
    )]
    Redirects {
        /// The model.
        id: String,
        /// The target of the last one.
        address: String,
    },
    /// A response without required information.
    #[error("{what}: the server's response has no {missing}; is HF_ENDPOINT the URL of a Hub?")]
    Answer {
        /// The model or the file.
        what: String,
        /// What is missing.
        missing: &'static str,
    },
    /// The revision moved to a different commit during the download.
    #[error("{id}: {revision} changed during the download; try again")]
    Changed {
        /// The model.
        id: String,
        /// The revision.
        revision: String,
    },
    /// The repository has no weights.
    #[error(
        "{id}: neither model.safetensors nor pytorch_model.bin, whole or in shards, was found; the \
         files are {files}"
    )]
    NoWeights {
        /// The model.
        id: String,
        /// The files of the repository.
        files: String,
    },
    /// A file of the model is missing.
    #[error(
        "{id}: {missing} is missing; download the model without HF_HUB_OFFLINE, or choose a \
         different one"
    )]
    Incomplete {
        /// The model.
        id: String,
        /// The file.
        missing: String,
    },
    /// The model is not in the cache.
    #[error("{id}: not in the cache ({}); download it without HF_HUB_OFFLINE", cache.display())]
    NotCached {
        /// The model.
        id: String,
        /// The cache folder of the model.
        cache: PathBuf,
    },
    /// A downloaded file has the wrong size or checksum.
    #[error("{file}: the download is broken and was removed: it {reason}; try again")]
    Broken {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of the cache cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error from the operating system.
        source: std::io::Error,
    },
}

impl HubError {
    /// Adds the path to an error from the operating system.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
