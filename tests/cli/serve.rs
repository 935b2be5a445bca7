//! `crosshead serve`: starts, answers and stops.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{Folder, assert_names};

fn translator() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crosshead-assets-models/models/translate-en-de")
}

/// Starts a server and returns its address.
fn start(command: &mut Command) -> (Child, String) {
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap_or_else(|| {
        let mut message = String::new();
        server.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        panic!("{message}")
    });
    (server, address.to_owned())
}

/// The answer to a form.
fn post(address: &str, path: &str, fields: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = fields.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{fields}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
#[test]
fn a_server_translates_as_the_command_and_stops_at_a_signal() {
    let folder = Folder::empty();
    let model = format!("en-de={}", translator().display());
    let serve = ["serve", "--port", "0", "--log", "json", "--model", &model];
    let (mut server, address) = start(&mut folder.command(&serve));
    let sentence = "The end time is not valid.";
    let path = translator().display().to_string();
    let expected = folder.ok(&["translate", "--model", &path, sentence]);
    let fields = "q=The+end+time+is+not+valid.&source=en&target=de";
    let answer = post(&address, "/translate", fields);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(expected.trim()), "{answer} lacks {expected}");
    let kill = Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(kill.success());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    server.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let answered = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert!(answered.into_iter().any(|line| line["fields"]["status"] == 200), "{log}");
    assert!(!log.contains(sentence) && !log.contains("end+time"), "{log}");
}

#[test]
fn a_server_that_cannot_start_says_what_to_do() {
    let folder = Folder::empty();
    let path = translator().display().to_string();
    let model = ["serve", "--port", "0", "--model", &path];
    let message = folder.fails(&[&model[..], &["--host", "0.0.0.0"]].concat());
    assert_names(&message, &["0.0.0.0", "--api-key-file", "--open"]);
    fs::write(folder.path("keys.txt"), "# none\n").unwrap();
    let message = folder.fails(&[&model[..], &["--api-key-file", "keys.txt"]].concat());
    assert_names(&message, &["keys.txt", "one per line"]);
    let message = folder.fails(&[&model[..], &["--model", &path]].concat());
    assert_names(&message, &["translate-en-de", "NAME=PATH"]);
    let message = folder.fails(&["serve", "--port", "0", "--model", "x=missing"]);
    assert_names(&message, &["missing"]);
}
