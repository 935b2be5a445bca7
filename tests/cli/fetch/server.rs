//! A Hub with one small model, and simulated server faults.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// The commit of the model.
pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The content of the weight file.
pub(super) const WEIGHTS: &[u8] = &[7; 1000];

const FILES: [(&str, &[u8]); 6] = [
    ("README.md", b"# A model"),
    ("config.json", b"{}"),
    ("tokenizer.json", b"{\"model\": {}}"),
    ("added_tokens.json", b""),
    ("pytorch_model.bin", b"not wanted"),
    ("model.safetensors", WEIGHTS),
];

/// The simulated fault or peculiarity of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The first response with weights ends in the middle.
    BreaksOnce,
    /// Every response with weights ends after 100 bytes.
    BreaksAlways,
    /// The weights do not match the checksum.
    WrongBytes,
    /// The weights are shorter than announced by the Hub.
    TooShort,
    /// Range requests are answered with the complete file.
    IgnoresRanges,
    /// The model requires the token `secret`.
    Private,
    /// Etags are weak.
    WeakEtags,
    /// No response has a content length.
    NoLength,
    /// No request is answered.
    Silent,
    /// The first response with weights stalls in the middle.
    StallsOnce,
    /// The first request for each of two files is answered with 503.
    BusyTwice,
    /// No response contains a commit.
    NoCommit,
    /// Files are redirected to a different path, as after a rename.
    Renamed,
    /// Everything is redirected to a different address.
    Mirrors(String),
    /// Weights are redirected to a different address; the redirect contains their headers.
    LinksTo(String),
    /// Redirects never end.
    Circles,
}

/// A Hub that serves until it is dropped.
pub(super) struct Server {
    address: String,
    state: Arc<State>,
}

struct State {
    fault: Fault,
    files: Vec<(String, Vec<u8>)>,
    requests: AtomicUsize,
    broke: AtomicBool,
    stop: AtomicBool,
    weights_sent: AtomicUsize,
    /// Whether a request contained a token.
    saw_token: AtomicBool,
    /// Open connections that have not received a response.
    held: Mutex<Vec<TcpStream>>,
}

/// The lines of a request that determine the response.
struct Request {
    head_only: bool,
    path: String,
    range: Option<String>,
}

pub(super) fn sha256_of_weights() -> String {
    hex_sha256(WEIGHTS)
}

impl Server {
    pub(super) fn start(fault: Fault) -> Self {
        let files = FILES.map(|(name, content)| (name.to_owned(), content.to_vec()));
        Self::start_with(fault, files.into())
    }

    /// A Hub with these files in its model.
    pub(super) fn start_with(fault: Fault, files: Vec<(String, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State {
            fault,
            files,
            requests: AtomicUsize::new(0),
            broke: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            weights_sent: AtomicUsize::new(0),
            saw_token: AtomicBool::new(false),
            held: Mutex::new(Vec::new()),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                // The server ignores clients that disconnect early.
                let _ = shared.answer(stream.unwrap());
            }
        });
        Self { address, state }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of bytes of the weights sent so far.
    pub(super) fn bytes_of_weights_sent(&self) -> usize {
        self.state.weights_sent.load(Ordering::SeqCst)
    }

    /// The number of requests so far.
    pub(super) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// Whether a request contained a token.
    pub(super) fn saw_token(&self) -> bool {
        self.state.saw_token.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
    }
}

impl State {
    /// Reads one request and answers it.
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut head = Vec::new();
        for line in BufReader::new(stream.try_clone()?).lines() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            head.push(line);
        }
        let header = |name: &str| {
            let lower = head.iter().map(|line| line.to_lowercase());
            lower.filter_map(|line| Some(line.strip_prefix(name)?.to_owned())).next()
        };
        let mut words = head.first().map(String::as_str).unwrap_or_default().split(' ');
        let head_only = words.next() == Some("HEAD");
        let path = words.next().unwrap_or_default().to_owned();
        let token = header("authorization: ");
        self.saw_token.fetch_or(token.is_some(), Ordering::SeqCst);
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let request = Request { head_only, path, range: header("range: bytes=") };
        let redirect = |mut stream: TcpStream, status, target: String| {
            respond(&mut stream, status, &format!("Location: {target}\r\n"), Some(0), b"")
        };
        match &self.fault {
            Fault::Silent => {
                self.held.lock().unwrap().push(stream);
                Ok(())
            }
            Fault::Private if token.as_deref() != Some("bearer secret") => {
                respond(&mut stream, "401 Unauthorized", "", Some(0), b"")
            }
            Fault::BusyTwice if [0, 2].contains(&number) => {
                respond(&mut stream, "503 Service Unavailable", "", Some(0), b"")
            }
            Fault::Mirrors(other) => {
                redirect(stream, "308 Permanent Redirect", format!("{other}{}", request.path))
            }
            Fault::Circles => redirect(stream, "302 Found", request.path),
            Fault::Renamed if !request.path.contains("renamed/name") => {
                let path = request.path.replace("owner/name", "renamed/name");
                redirect(stream, "307 Temporary Redirect", path)
            }
            _ => self.serve(&mut stream, &request),
        }
    }

    fn serve(&self, stream: &mut TcpStream, request: &Request) -> std::io::Result<()> {
        let path = request.path.replace("renamed/name", "owner/name");
        if path == "/api/models/owner/name/revision/main" {
            let siblings: Vec<String> = self
                .files
                .iter()
                .map(|(name, _)| format!("{{\"rfilename\": \"{name}\"}}"))
                .collect();
            let info = format!("{{\"sha\": \"{COMMIT}\", \"siblings\": [{}]}}", siblings.join(","));
            let headers = "Content-Type: application/json\r\n";
            return respond(stream, "200 OK", headers, self.length(info.len()), info.as_bytes());
        }
        let path = path.split('?').next().unwrap_or_default();
        let found = path.rsplit_once("/resolve/main/").or_else(|| path.split_once("/store/"));
        let name = found.map(|(_, name)| name).unwrap_or_default();
        match self.files.iter().find(|(known, _)| *known == name) {
            Some((name, content)) => self.send(stream, request, name, content),
            None => respond(stream, "404 Not Found", "", Some(0), b""),
        }
    }

    fn send(
        &self,
        stream: &mut TcpStream,
        request: &Request,
        name: &str,
        content: &[u8],
    ) -> std::io::Result<()> {
        let is_weights = content == WEIGHTS;
        let sum = hex_sha256(content);
        let etag = if is_weights { &sum } else { &sum[..40] };
        if let Fault::LinksTo(store) = &self.fault
            && is_weights
        {
            let headers = format!(
                "Location: {store}/store/{name}?signature=x\r\nX-Repo-Commit: {COMMIT}\r\nETag: \"of-this-answer\"\r\n\
                 X-Linked-Etag: \"{etag}\"\r\nX-Linked-Size: {}\r\n",
                content.len()
            );
            return respond(stream, "302 Found", &headers, Some(0), b"");
        }
        let weak = if self.fault == Fault::WeakEtags { "W/" } else { "" };
        let mut headers = format!("ETag: {weak}\"{etag}\"\r\n");
        // A file store has no commits.
        if self.fault != Fault::NoCommit && !request.path.starts_with("/store/") {
            headers += &format!("X-Repo-Commit: {COMMIT}\r\n");
        }
        if request.head_only {
            return respond(stream, "200 OK", &headers, self.length(content.len()), b"");
        }
        let range = request.range.as_deref().filter(|_| self.fault != Fault::IgnoresRanges);
        let start = range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
        if range.is_some() && start >= content.len() {
            return respond(stream, "416 Range Not Satisfiable", "", Some(0), b"");
        }
        let mut body = content[start..].to_vec();
        let mut status = "200 OK";
        if range.is_some() {
            status = "206 Partial Content";
            let (last, len) = (content.len() - 1, content.len());
            headers += &format!("Content-Range: bytes {start}-{last}/{len}\r\n");
        }
        if !is_weights {
            return respond(stream, status, &headers, self.length(body.len()), &body);
        }
        let sent = match self.fault {
            Fault::BreaksOnce | Fault::StallsOnce if !self.broke.swap(true, Ordering::SeqCst) => {
                400
            }
            Fault::BreaksAlways => body.len().min(100),
            Fault::TooShort => {
                body.truncate(900);
                body.len()
            }
            _ => body.len(),
        };
        if self.fault == Fault::WrongBytes {
            body.fill(8);
        }
        self.weights_sent.fetch_add(sent, Ordering::SeqCst);
        respond(stream, status, &headers, self.length(body.len()), &body[..sent])?;
        if self.fault == Fault::StallsOnce && sent < body.len() {
            self.held.lock().unwrap().push(stream.try_clone()?);
        }
        Ok(())
    }

    /// The content length of a response.
    fn length(&self, len: usize) -> Option<usize> {
        (self.fault != Fault::NoLength).then_some(len)
    }
}

fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &str,
    length: Option<usize>,
    body: &[u8],
) -> std::io::Result<()> {
    let length = length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
    write!(stream, "HTTP/1.1 {status}\r\n{headers}{length}Connection: close\r\n\r\n")?;
    stream.write_all(body)
}

/// The SHA-256 hash, in lowercase hexadecimal digits.
fn hex_sha256(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
