//! How the server is set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use burn::tensor::Device;
use crosshead_tasks::ComputeType;

/// A model to serve.
#[derive(Clone, Debug)]
pub struct ModelSource {
    /// The name in requests. The languages of a translator with a single direction are read from it: `en-de`, `translate-en-de`.
    pub name: String,
    /// The model or run directory.
    pub dir: PathBuf,
    /// Whether the model comes with the program.
    pub built_in: bool,
}

/// How the server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address. Port 0 chooses a free port.
    pub address: SocketAddr,
    /// The device of the models.
    pub device: Device,
    /// The compute type of the models.
    pub compute_type: ComputeType,
    /// The keys of clients; none for a server without keys. `/health`, `/ready` and the page need none.
    pub keys: Vec<String>,
    /// Serves every address without keys.
    pub open: bool,
    /// Host names that requests may have besides addresses and `localhost`, with which browsers are protected from DNS rebinding.
    pub hosts: Vec<String>,
    /// The origins of pages that may call the server; `*` is any. Default: none, other than the server's own page.
    pub cors: Vec<String>,
    /// Requests that a key, or a client without one, may make in a minute. Default: no limit.
    pub requests_per_minute: Option<u32>,
    /// The largest body in bytes.
    pub body_bytes: usize,
    /// The most characters of the texts of a request.
    pub characters: usize,
    /// The most tokens that wait for a model or are computed.
    pub queued_tokens: usize,
    /// The most tokens that are computed together, counting padding.
    pub batch_tokens: usize,
    /// The most tokens that a request may generate.
    pub max_tokens: usize,
    /// The time for an answer, and for finishing requests when the server stops.
    pub timeout: Duration,
    /// The time that a client may take to send a header, the next part of a body, or to receive the next part of an answer.
    pub client_timeout: Duration,
    /// The most connections at a time.
    pub connections: usize,
    /// The folder with the runs whose curves the page shows.
    pub runs: Option<PathBuf>,
    /// Logs the texts of requests.
    pub log_texts: bool,
}

impl Options {
    /// The defaults: `127.0.0.1:5000`, without keys.
    pub fn new(device: Device) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 5000)),
            device,
            compute_type: ComputeType::Auto,
            keys: Vec::new(),
            open: false,
            hosts: Vec::new(),
            cors: Vec::new(),
            requests_per_minute: None,
            body_bytes: 10 << 20,
            characters: 200_000,
            queued_tokens: 1 << 20,
            batch_tokens: 8192,
            max_tokens: 4096,
            timeout: Duration::from_secs(300),
            client_timeout: Duration::from_secs(30),
            connections: 2048,
            runs: None,
            log_texts: false,
        }
    }
}

/// Why the server does not start or run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address of the network without keys.
    #[error(
        "{0} can be reached from other machines: pass keys with --api-key-file, or --open to serve everyone who reaches it"
    )]
    NeedsKeys(SocketAddr),
    /// The address cannot be used.
    #[error("cannot listen on {address}: {source}; choose another --host or --port")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Two models with one name.
    #[error("two models are named {0}; name them with --model NAME=PATH")]
    SameName(String),
    /// A name that requests cannot have.
    #[error("`{0}` is not the name of a model; choose another with --model NAME=PATH")]
    Name(String),
    /// A model cannot be read.
    #[error("the model {name}: {reason}")]
    Model {
        /// Its name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// An origin that is none.
    #[error("--cors {0}: write an origin such as https://example.org, or *")]
    Origin(String),
    /// The runtime failed.
    #[error("cannot run the server: {0}")]
    Io(#[from] std::io::Error),
}
