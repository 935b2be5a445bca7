//! Why a model could not be fetched.

use std::path::{Path, PathBuf};

/// Why a model could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// No place for the cache.
    #[error("there is no home directory for the cache: set HF_HOME or HF_HUB_CACHE to a folder")]
    NoHome,
    /// A name that can't be one.
    #[error(
        "`{name}` is no {kind}: write a model as OWNER/NAME, a revision as a branch, tag or commit"
    )]
    Name {
        /// `model` or `revision`.
        kind: &'static str,
        /// What was given.
        name: String,
    },
    /// The Hub knows no such model, or none for us.
    #[error("{id}: {endpoint} answers {status}: {advice}")]
    Refused {
        /// The model.
        id: String,
        /// The address of the Hub.
        endpoint: String,
        /// The status of HTTP.
        status: u16,
        /// What to do.
        advice: String,
    },
    /// An address that leads nowhere.
    #[error(
        "`{endpoint}` is no address of a Hub: set HF_ENDPOINT to one such as https://huggingface.co"
    )]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// A number of seconds that is none.
    #[error("{name}: `{value}` is no whole number of seconds")]
    Variable {
        /// The environment variable.
        name: &'static str,
        /// What it is set to.
        value: String,
    },
    /// The network or the Hub failed.
    #[error("{id}: no answer from {address}: {source}; what has arrived is kept, so try again")]
    Request {
        /// The model.
        id: String,
        /// The address that was asked.
        address: String,
        /// What the client says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A server that says nothing.
    #[error(
        "{id}: no answer from {address} within {seconds} s; what has arrived is kept, so try again, \
         or set {variable} to more seconds"
    )]
    Timeout {
        /// The model.
        id: String,
        /// The address that was asked.
        address: String,
        /// How long the server was waited for.
        seconds: u64,
        /// The environment variable that says so.
        variable: &'static str,
    },
    /// Redirects that do not end.
    #[error(
        "{id}: too many redirects, the last to {address}; is HF_ENDPOINT the address of a Hub?"
    )]
    Redirects {
        /// The model.
        id: String,
        /// Where the last one led.
        address: String,
    },
    /// An answer that makes no sense.
    #[error("{what}: the server's answer has no {missing}; is HF_ENDPOINT the address of a Hub?")]
    Answer {
        /// The model or the file.
        what: String,
        /// What the answer lacks.
        missing: &'static str,
    },
    /// A revision that has become another commit.
    #[error("{id}: {revision} changed while it was fetched; try again")]
    Changed {
        /// The model.
        id: String,
        /// The revision.
        revision: String,
    },
    /// Nothing to load.
    #[error(
        "{id}: there are no weights in model.safetensors, pytorch_model.bin or their shards, only {files}"
    )]
    NoWeights {
        /// The model.
        id: String,
        /// The files that there are.
        files: String,
    },
    /// A file of the model isn't there.
    #[error(
        "{id}: {missing} is missing; fetch the model without HF_HUB_OFFLINE, or choose another"
    )]
    Incomplete {
        /// The model.
        id: String,
        /// The file.
        missing: String,
    },
    /// A model that was never fetched.
    #[error("{id}: not in the cache ({}); fetch it without HF_HUB_OFFLINE", cache.display())]
    NotCached {
        /// The model.
        id: String,
        /// Where it would be.
        cache: PathBuf,
    },
    /// A file that isn't what the Hub says.
    #[error("{file}: arrived broken and was removed: it {reason}; try again")]
    Broken {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of the cache could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
}

impl HubError {
    /// Wraps an error of the operating system with the path it is about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
