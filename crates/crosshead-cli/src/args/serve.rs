//! The arguments of `crosshead serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::ValueEnum;

use super::Precision;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  crosshead serve
  crosshead serve --model en-de=runs/translate-en-de --model all-MiniLM-L6-v2 --model sentiment=runs/sentiment
  crosshead serve --host 0.0.0.0 --api-key-file keys.txt --allow-host translate.example.org
  crosshead serve --runs runs
  curl http://127.0.0.1:5000/translate -d q=\"The end time is not valid.\" -d source=en -d target=de

The server has the APIs of LibreTranslate, DeepL (/v2), OpenAI (/v1) and text-embeddings-inference, its own (/api, described at \
/openapi.json), and a page for browsers. Without --model it serves the built-in models. The languages of a translator with a single \
direction are read from its name, which ends with FROM-TO. Ctrl-C or SIGTERM stops the server once its requests are answered. It has \
no TLS: use a proxy for that.")]
pub(crate) struct Serve {
    /// A model, and its name in requests; can be repeated [default: the built-in models]
    #[arg(short, long, value_name = "NAME=MODEL")]
    pub(crate) model: Vec<String>,
    #[command(flatten)]
    pub(crate) precision: Precision,
    /// The address to listen on; others than 127.0.0.1 and ::1 need --api-key-file or --open
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// The port; 0 chooses a free one
    #[arg(long, value_name = "PORT", default_value_t = 5000)]
    pub(crate) port: u16,
    /// Show the curves of the runs in a folder
    #[arg(long, value_name = "DIR")]
    pub(crate) runs: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) limits: ServeLimits,
    #[command(flatten)]
    pub(crate) logs: Logs,
}

/// Who may use the server.
#[derive(clap::Args)]
#[command(next_help_heading = "Access")]
pub(crate) struct Access {
    /// Serve only clients with a key: a file with one key per line
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Serve everyone who reaches the address
    #[arg(long, conflicts_with = "api_key_file")]
    pub(crate) open: bool,
    /// A host name of this server, besides localhost; * is any; can be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// An origin whose pages may use the server, as in https://example.org; * is any; can be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors: Vec<String>,
    /// Requests of a key, or of an address without one, in a minute [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate_limit: Option<u32>,
}

/// Limits of requests.
#[derive(clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct ServeLimits {
    /// Megabytes of a request
    #[arg(long, value_name = "MB", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_body: u16,
    /// Characters of the texts of a request
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub(crate) max_characters: usize,
    /// Tokens that a request may generate
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub(crate) max_tokens: usize,
    /// Tokens that wait for a model, beyond which requests are refused with 429
    #[arg(long, value_name = "N", default_value_t = 1 << 20)]
    pub(crate) queue_tokens: usize,
    /// Tokens that are computed together, counting padding
    #[arg(long, value_name = "N", default_value_t = 8192)]
    pub(crate) batch_tokens: usize,
    /// Seconds for an answer, and for finishing requests at the end
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: u32,
}

/// What is logged to standard error.
#[derive(clap::Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct Logs {
    /// The form of the log
    #[arg(long, value_name = "FORM", default_value = "plain")]
    pub(crate) log: LogForm,
    /// Also log the texts of requests
    #[arg(long)]
    pub(crate) log_texts: bool,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// Lines for people
    Plain,
    /// One JSON object per line
    Json,
}
