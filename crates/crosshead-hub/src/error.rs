use std::path::PathBuf;

use hf_hub::api::sync::ApiError;

use super::Hub;

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
    /// The network or the Hub failed.
    #[error("{id}: no answer from {endpoint}: {source}; what has arrived is kept, so try again")]
    Request {
        /// The model.
        id: String,
        /// The address of the Hub.
        endpoint: String,
        /// What the client says.
        source: Box<ApiError>,
    },
    /// An answer that makes no sense.
    #[error("{file}: the Hub names no usable version of it; is HF_ENDPOINT the address of a Hub?")]
    Answer {
        /// The file.
        file: String,
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
    /// What a failed request means to the user.
    pub(super) fn of_request(hub: &Hub, id: &str, revision: &str, source: ApiError) -> Self {
        let (id, endpoint) = (id.to_owned(), hub.endpoint.clone());
        let status = match &source {
            ApiError::RequestError(error) => match **error {
                ureq::Error::StatusCode(status) => status,
                _ => return Self::Request { id, endpoint, source: Box::new(source) },
            },
            _ => return Self::Request { id, endpoint, source: Box::new(source) },
        };
        let advice = match (status, &hub.token) {
            (401 | 403, None) => {
                "there is no such model, or it is not public: check the name, or set HF_TOKEN"
                    .to_owned()
            }
            (401, Some(_)) => "the token in HF_TOKEN is not valid: make a new one".to_owned(),
            (403, Some(_)) => {
                format!("your token does not open it: accept its conditions at {endpoint}/{id}")
            }
            (404, _) => format!("there is no such model, or it has no revision {revision}"),
            (429, _) => "too many requests: wait a few minutes".to_owned(),
            _ => "try again later".to_owned(),
        };
        Self::Refused { id, endpoint, status, advice }
    }
}
