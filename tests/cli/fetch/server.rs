//! A Hub with one small model.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// The commit of the model.
pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What stands for weights.
pub(super) const WEIGHTS: &[u8] = &[7; 1000];

const FILES: [(&str, &[u8]); 5] = [
    ("README.md", b"# A model"),
    ("config.json", b"{}"),
    ("tokenizer.json", b"{\"model\": {}}"),
    ("pytorch_model.bin", b"not wanted"),
    ("model.safetensors", WEIGHTS),
];

/// What the Hub does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The first answer with weights ends in the middle.
    BreaksOnce,
    /// The weights are not those of the checksum.
    WrongBytes,
    /// Ranges but that of the size are answered with the whole file.
    IgnoresRanges,
    /// Only `secret` opens the model.
    Private,
}

/// A Hub that serves until it is dropped.
pub(super) struct Server {
    address: String,
    state: Arc<State>,
}

struct State {
    fault: Fault,
    broke: AtomicBool,
    stop: AtomicBool,
    weights_sent: AtomicUsize,
}

pub(super) fn sha256_of_weights() -> String {
    format!("{:x}", Sha256::digest(WEIGHTS))
}

impl Server {
    pub(super) fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State {
            fault,
            broke: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            weights_sent: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away in the middle is no concern of the server's.
                let _ = shared.answer(stream.unwrap());
            }
        });
        Self { address, state }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes of the weights that were sent so far.
    pub(super) fn bytes_of_weights_sent(&self) -> usize {
        self.state.weights_sent.load(Ordering::SeqCst)
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
            head.push(line.to_lowercase());
        }
        let path =
            head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let header =
            |name: &str| head.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        if self.fault == Fault::Private && header("authorization") != Some("bearer secret") {
            return respond(&mut stream, "401 Unauthorized", "", b"");
        }
        if path == "/api/models/owner/name/revision/main" {
            let siblings: Vec<String> =
                FILES.iter().map(|(name, _)| format!("{{\"rfilename\": \"{name}\"}}")).collect();
            let info = format!("{{\"sha\": \"{COMMIT}\", \"siblings\": [{}]}}", siblings.join(","));
            return respond(
                &mut stream,
                "200 OK",
                "Content-Type: application/json\r\n",
                info.as_bytes(),
            );
        }
        let name = path.strip_prefix("/owner/name/resolve/main/").unwrap_or_default();
        match FILES.iter().find(|(known, _)| *known == name) {
            Some(&(_, content)) => self.send(&mut stream, content, header("range")),
            None => respond(&mut stream, "404 Not Found", "", b""),
        }
    }

    fn send(
        &self,
        stream: &mut TcpStream,
        content: &[u8],
        range: Option<&str>,
    ) -> std::io::Result<()> {
        let is_weights = content == WEIGHTS;
        let range = range.and_then(|range| range.strip_prefix("bytes=")).unwrap_or("0-");
        let (start, end) = range.split_once('-').unwrap();
        let whole = self.fault == Fault::IgnoresRanges && end.is_empty();
        let start = if whole { 0 } else { start.parse().unwrap() };
        let end = end.parse().map_or(content.len(), |end: usize| end + 1);
        let sum = format!("{:x}", Sha256::digest(content));
        let etag = if is_weights { &sum } else { &sum[..40] };
        if start >= content.len() {
            return respond(stream, "416 Range Not Satisfiable", "", b"");
        }
        let mut body = content[start..end].to_vec();
        if is_weights && self.fault == Fault::WrongBytes {
            body.fill(8);
        }
        let headers = format!(
            "ETag: \"{etag}\"\r\nX-Repo-Commit: {COMMIT}\r\nContent-Range: bytes {start}-{}/{}\r\n",
            end - 1,
            content.len()
        );
        let breaks = is_weights && body.len() > 1 && self.fault == Fault::BreaksOnce;
        if breaks && !self.broke.swap(true, Ordering::SeqCst) {
            write!(
                stream,
                "HTTP/1.1 206 Partial Content\r\n{headers}Content-Length: {}\r\n\r\n",
                body.len()
            )?;
            return stream.write_all(&body[..400]);
        }
        if is_weights {
            self.weights_sent.fetch_add(body.len(), Ordering::SeqCst);
        }
        respond(stream, "206 Partial Content", &headers, &body)
    }
}

fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}
