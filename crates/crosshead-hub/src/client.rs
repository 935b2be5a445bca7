//! Requests to the Hub: token, redirects, retries and timeouts.

use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use crate::address::{Origin, join};
use crate::headers::header;
use crate::metadata::Described;
use crate::{ENDPOINT, Hub, HubError, Info};

/// Maximum number of redirects per request.
const MAX_REDIRECTS: usize = 20;

/// Maximum number of attempts when the connection breaks or the server is busy.
const ATTEMPTS: u32 = 3;

/// The pause after the first attempt.
const PAUSE: Duration = Duration::from_millis(500);

/// Status codes that indicate a temporary problem.
const BUSY: [u16; 6] = [408, 429, 500, 502, 503, 504];

/// Maximum size of the description of a model.
const MAX_INFO: u64 = 64 << 20;

/// The URLs of the public Hub, which may receive the token.
const HUBS: [&str; 2] = [ENDPOINT, "https://hf.co"];

/// The kind of a request.
#[derive(Clone, Copy)]
enum Ask<'a> {
    /// The description of a model.
    Info,
    /// The description of a file.
    Head,
    /// The content of a file, or a range of its bytes.
    Content { range: Option<&'a str> },
}

/// Requests about one revision of a model.
pub(crate) struct Client<'a> {
    hub: &'a Hub,
    id: &'a str,
    revision: &'a str,
    /// The HTTP agent for descriptions.
    asking: Agent,
    /// The HTTP agent for file contents.
    fetching: Agent,
    /// The origins that may receive the token.
    trusted: Vec<Origin>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(hub: &'a Hub, id: &'a str, revision: &'a str) -> Result<Self, HubError> {
        let Some(endpoint) = Origin::of(&hub.endpoint) else {
            return Err(HubError::Endpoint { endpoint: hub.endpoint.clone() });
        };
        let known = HUBS.iter().filter_map(|address| Origin::of(address));
        let trusted = known.chain([endpoint]).collect();
        let asking = agent(hub.etag_timeout);
        let fetching = agent(hub.download_timeout);
        Ok(Self { hub, id, revision, asking, fetching, trusted })
    }

    /// The description of the revision.
    pub(crate) fn info(&self) -> Result<Info, HubError> {
        let address = format!(
            "{}/api/models/{}/revision/{}",
            self.endpoint(),
            self.id,
            // A slash in the name of the revision must not split the path.
            self.revision.replace('/', "%2F"),
        );
        let ask = || self.follow(Ask::Info, &address, |_, _| false);
        let mut answer = self.with_retries(&ask)?;
        let no_model = |missing| HubError::Answer { what: self.id.to_owned(), missing };
        let body = answer.body_mut().with_config().limit(MAX_INFO);
        let body = body.read_to_vec().map_err(|source| self.failed(Ask::Info, &address, source))?;
        let info: Info = serde_json::from_slice(&body)
            .map_err(|_| no_model("list of files (it is not JSON of the expected form)"))?;
        let is_plain = !info.sha.is_empty() && info.sha.chars().all(|c| c.is_ascii_alphanumeric());
        is_plain.then_some(info).ok_or_else(|| no_model("commit"))
    }

    /// The description of a file, which may be in the headers of a redirect to its content.
    pub(crate) fn head(&self, name: &str) -> Result<Described, HubError> {
        let address = self.address(name);
        let ask = || {
            let mut described = Described::default();
            let answer = self.follow(Ask::Head, &address, |answer, target| {
                described.add(answer.headers(), true);
                // The other host is not contacted if the description is already complete.
                !self.is_trusted(target) && described.is_complete()
            })?;
            if !is_redirect(&answer) {
                described.add(answer.headers(), false);
            }
            Ok(described)
        };
        self.with_retries(&ask)
    }

    /// The content of a file, from an offset if the server supports ranges.
    pub(crate) fn get(&self, name: &str, from: u64) -> Result<Response<Body>, HubError> {
        let range = (from > 0).then(|| format!("bytes={from}-"));
        let ask = Ask::Content { range: range.as_deref() };
        self.follow(ask, &self.address(name), |_, _| false)
    }

    /// The error for an interrupted download.
    pub(crate) fn broke_off(&self, name: &str, source: std::io::Error) -> HubError {
        let source = match source.downcast::<ureq::Error>() {
            Ok(error) => error,
            Err(error) => ureq::Error::Io(error),
        };
        self.failed(Ask::Content { range: None }, &self.address(name), source)
    }

    fn endpoint(&self) -> &str {
        self.hub.endpoint.trim_end_matches('/')
    }

    fn address(&self, name: &str) -> String {
        let revision = self.revision.replace('/', "%2F");
        format!("{}/{}/resolve/{revision}/{name}", self.endpoint(), self.id)
    }

    fn is_trusted(&self, address: &str) -> bool {
        Origin::of(address).is_some_and(|origin| self.trusted.contains(&origin))
    }

    /// The response to a request, with retries.
    fn with_retries<T>(&self, ask: &impl Fn() -> Result<T, HubError>) -> Result<T, HubError> {
        let mut attempt = 1;
        loop {
            match ask() {
                Err(error) if attempt < ATTEMPTS && may_pass(&error) => {
                    thread::sleep(PAUSE * attempt);
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    /// The response after all redirects, or the redirect for which `is_enough` returns true; its second argument is the target.
    fn follow(
        &self,
        ask: Ask<'_>,
        address: &str,
        mut is_enough: impl FnMut(&Response<Body>, &str) -> bool,
    ) -> Result<Response<Body>, HubError> {
        let mut address = address.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.ask(ask, &address)?;
            if !is_redirect(&answer) {
                return match answer.status().as_u16() {
                    200..=299 => Ok(answer),
                    status => Err(self.refused(&address, status, answer.headers())),
                };
            }
            let Some(location) = header(answer.headers(), "location") else { return Ok(answer) };
            let target = join(&address, location);
            if is_enough(&answer, &target) {
                return Ok(answer);
            }
            address = target;
        }
        Err(HubError::Redirects { id: self.id.to_owned(), address })
    }

    /// The response to one request.
    fn ask(&self, ask: Ask<'_>, address: &str) -> Result<Response<Body>, HubError> {
        let mut request = match ask {
            Ask::Info => self.asking.get(address),
            Ask::Head => self.asking.head(address),
            Ask::Content { range: None } => self.fetching.get(address),
            Ask::Content { range: Some(range) } => {
                self.fetching.get(address).header("Range", range)
            }
        };
        // A compressed response has a different length and cannot be resumed.
        request = request.header("Accept-Encoding", "identity");
        if let Some(token) = self.hub.token.as_deref().filter(|_| self.is_trusted(address)) {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        request.call().map_err(|source| self.failed(ask, address, source))
    }

    /// The error for a request without a response.
    fn failed(&self, ask: Ask<'_>, address: &str, source: ureq::Error) -> HubError {
        let (id, address) = (self.id.to_owned(), without_query(address));
        if !matches!(source, ureq::Error::Timeout(_)) {
            return HubError::Request { id, address, source: source.into() };
        }
        let (seconds, variable) = match ask {
            Ask::Info | Ask::Head => (self.hub.etag_timeout, "HF_HUB_ETAG_TIMEOUT"),
            Ask::Content { .. } => (self.hub.download_timeout, "HF_HUB_DOWNLOAD_TIMEOUT"),
        };
        HubError::Timeout { id, address, seconds: seconds.as_secs(), variable }
    }

    /// The error for a response with an unexpected status, with advice.
    fn refused(&self, address: &str, status: u16, headers: &HeaderMap) -> HubError {
        let (id, endpoint) = (self.id, &self.hub.endpoint);
        let code = header(headers, "x-error-code").unwrap_or_default();
        let advice = match (status, code, &self.hub.token) {
            (_, "GatedRepo", None) => {
                format!(
                    "access is restricted: accept the conditions at {endpoint}/{id}, and set HF_TOKEN"
                )
            }
            (403, _, Some(_)) | (_, "GatedRepo", Some(_)) => {
                format!("your token has no access: accept the conditions at {endpoint}/{id}")
            }
            (_, "RepoNotFound", _) | (401 | 403, _, None) => {
                "no such model, or it is not public: check the name, or set HF_TOKEN".to_owned()
            }
            (401, _, Some(_)) => "the token in HF_TOKEN is not valid: create a new one".to_owned(),
            (404, _, _) => {
                format!("no such model, or it has no revision {}", self.revision)
            }
            (429, _, _) => "too many requests: wait a few minutes".to_owned(),
            _ => "try again later".to_owned(),
        };
        let endpoint = match self.is_trusted(address) {
            true => endpoint.clone(),
            false => without_query(address),
        };
        HubError::Refused { id: id.to_owned(), endpoint, status, advice }
    }
}

/// An HTTP agent with this timeout for each phase of a request.
fn agent(timeout: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_resolve(Some(timeout))
        .timeout_connect(Some(timeout))
        .timeout_per_read(Some(timeout))
        .timeout_per_write(Some(timeout))
        .user_agent(concat!("crosshead/", env!("CARGO_PKG_VERSION")));
    Agent::new_with_config(config.build())
}

/// Whether an error may be temporary. Timeouts are not retried.
pub(crate) fn may_pass(error: &HubError) -> bool {
    match error {
        HubError::Refused { status, .. } => BUSY.contains(status),
        HubError::Request { source, .. } => match source.downcast_ref::<ureq::Error>() {
            Some(ureq::Error::Io(error)) => error.kind() != std::io::ErrorKind::ConnectionRefused,
            Some(ureq::Error::Protocol(_)) => true,
            _ => false,
        },
        _ => false,
    }
}

fn is_redirect(answer: &Response<Body>) -> bool {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
        && answer.headers().contains_key("location")
}

/// A URL without its query, which may contain a signature and must not be shown.
fn without_query(address: &str) -> String {
    address.split(['?', '#']).next().unwrap_or_default().to_owned()
}
