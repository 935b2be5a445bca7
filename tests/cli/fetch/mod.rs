//! `crosshead fetch` from a local Hub.

mod addresses;
mod models;
mod server;

use std::fs;
use std::path::PathBuf;

use server::{Fault, Server, WEIGHTS, sha256_of_weights};

use crate::harness::{Folder, assert_names, error_of, stderr};

const ID: &str = "owner/name";
const COMMIT: &str = server::COMMIT;

/// A folder with a cache that is filled from a server.
struct Client<'a> {
    folder: Folder,
    server: &'a Server,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server) -> Self {
        Self { folder: Folder::with_toy_corpus(), server }
    }

    fn command(&self, id: &str, variables: &[(&str, &str)]) -> std::process::Command {
        let mut command = self.folder.command(&["fetch", id]);
        for name in [
            "HF_HUB_CACHE",
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HF_HUB_OFFLINE",
            "TRANSFORMERS_OFFLINE",
            "HF_HUB_ETAG_TIMEOUT",
            "HF_HUB_DOWNLOAD_TIMEOUT",
            "http_proxy",
            "HTTP_PROXY",
            "ALL_PROXY",
        ] {
            command.env_remove(name);
        }
        command.env("HF_HOME", self.folder.path("home")).env("HF_ENDPOINT", self.server.endpoint());
        command.envs(variables.iter().copied());
        command
    }

    /// The directory printed by a fetch.
    fn ok(&self, variables: &[(&str, &str)]) -> PathBuf {
        let output = self.command(ID, variables).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
    }

    /// The error message of a fetch that is expected to fail.
    fn fails(&self, id: &str, variables: &[(&str, &str)]) -> String {
        error_of(&["fetch", id], &self.command(id, variables).output().unwrap())
    }

    fn blob(&self, name: &str) -> PathBuf {
        self.folder.path("home/hub/models--owner--name/blobs").join(name)
    }

    /// Stores the first bytes of the weights, as an interrupted fetch would.
    fn begin_weights(&self, len: usize) -> PathBuf {
        let part = self.blob(&format!("{}.part", sha256_of_weights()));
        fs::create_dir_all(part.parent().unwrap()).unwrap();
        fs::write(&part, &WEIGHTS[..len]).unwrap();
        part
    }
}

#[test]
fn only_the_needed_files_are_stored_in_the_standard_cache() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    let directory = client.ok(&[]);
    assert!(directory.ends_with(format!("home/hub/models--owner--name/snapshots/{COMMIT}")));
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), WEIGHTS);
    assert!(directory.join("config.json").is_file() && directory.join("tokenizer.json").is_file());
    for absent in ["README.md", "pytorch_model.bin"] {
        assert!(!directory.join(absent).exists(), "{absent}");
    }
    let main = client.folder.path("home/hub/models--owner--name/refs/main");
    assert_eq!(fs::read_to_string(main).unwrap(), COMMIT);
}

#[test]
fn cached_files_are_not_fetched_again() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    let directory = client.ok(&[]);
    let sent = server.bytes_of_weights_sent();
    assert_eq!(client.ok(&[]), directory);
    assert_eq!(server.bytes_of_weights_sent(), sent);
}

#[test]
fn a_partial_file_is_completed() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    let part = client.begin_weights(600);
    let directory = client.ok(&[]);
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), WEIGHTS);
    assert!(server.bytes_of_weights_sent() < WEIGHTS.len() - 500);
    assert!(!part.exists());
}

#[test]
fn a_partial_file_of_full_length_is_fetched_again() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    client.begin_weights(WEIGHTS.len());
    assert_eq!(fs::read(client.ok(&[]).join("model.safetensors")).unwrap(), WEIGHTS);
}

#[test]
fn a_broken_connection_is_resumed() {
    let server = Server::start(Fault::BreaksOnce);
    let client = Client::new(&server);
    assert_eq!(fs::read(client.ok(&[]).join("model.safetensors")).unwrap(), WEIGHTS);
}

#[test]
fn a_corrupted_file_is_removed_with_an_error() {
    let server = Server::start(Fault::WrongBytes);
    let client = Client::new(&server);
    let message = client.fails(ID, &[]);
    assert_names(&message, &["model.safetensors", "broken", "SHA-256", &sha256_of_weights()]);
    assert!(!client.blob(&sha256_of_weights()).exists());
    let offline = client.fails(ID, &[("HF_HUB_OFFLINE", "1")]);
    assert_names(&offline, &["model.safetensors is missing"]);
}

#[test]
fn a_server_without_ranges_sends_the_file_from_the_start() {
    let server = Server::start(Fault::IgnoresRanges);
    let client = Client::new(&server);
    client.begin_weights(600);
    assert_eq!(fs::read(client.ok(&[]).join("model.safetensors")).unwrap(), WEIGHTS);
}

#[test]
fn a_file_of_the_wrong_size_is_an_error() {
    let server = Server::start(Fault::TooShort);
    let client = Client::new(&server);
    assert_names(&client.fails(ID, &[]), &["model.safetensors", "900 bytes instead of 1000"]);
    assert!(!client.blob(&sha256_of_weights()).exists());
}

#[test]
fn a_repeatedly_broken_connection_is_resumed_as_long_as_data_arrives() {
    let server = Server::start(Fault::BreaksAlways);
    let client = Client::new(&server);
    // Each connection transfers new data, so the file is completed.
    assert_eq!(fs::read(client.ok(&[]).join("model.safetensors")).unwrap(), WEIGHTS);
    assert_eq!(server.bytes_of_weights_sent(), WEIGHTS.len());
}

#[test]
fn an_empty_file_is_fetched() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    let directory = client.ok(&[]);
    assert_eq!(fs::read(directory.join("added_tokens.json")).unwrap(), b"");
}

#[test]
fn weak_etags_name_the_same_content() {
    let server = Server::start(Fault::WeakEtags);
    let client = Client::new(&server);
    assert_eq!(fs::read(client.ok(&[]).join("model.safetensors")).unwrap(), WEIGHTS);
    assert!(client.blob(&sha256_of_weights()).is_file());
}

#[test]
fn a_missing_content_length_is_allowed() {
    let server = Server::start(Fault::NoLength);
    let client = Client::new(&server);
    let directory = client.ok(&[]);
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), WEIGHTS);
    assert_eq!(fs::read(directory.join("config.json")).unwrap(), b"{}");
}

#[test]
fn the_error_for_a_server_that_is_not_a_hub_names_it() {
    let server = Server::start(Fault::NoCommit);
    let message = Client::new(&server).fails(ID, &[]);
    assert_names(&message, &["config.json", "X-Repo-Commit", "HF_ENDPOINT"]);
}

#[test]
fn a_missing_model_is_an_error() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    assert_names(&client.fails("owner/none", &[]), &["owner/none", "404", "no such model"]);
    for id in ["../owner/name", "a/b/c", "owner/na me"] {
        assert_names(&client.fails(id, &[]), &[id, "OWNER/NAME"]);
    }
}

#[test]
fn a_private_model_needs_its_token() {
    let server = Server::start(Fault::Private);
    let client = Client::new(&server);
    assert_names(&client.fails(ID, &[]), &[ID, "401", "HF_TOKEN"]);
    assert_names(&client.fails(ID, &[("HF_TOKEN", "wrong")]), &["401", "not valid"]);
    client.ok(&[("HF_TOKEN", "secret")]);
    let other = Client::new(&server);
    fs::create_dir_all(other.folder.path("home")).unwrap();
    other.folder.write("home/token", "secret\n");
    other.ok(&[]);
}

#[test]
fn offline_the_cache_is_used_or_an_error_says_what_is_missing() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    let offline = [("HF_HUB_OFFLINE", "1"), ("HF_ENDPOINT", "http://127.0.0.1:1")];
    assert_names(&client.fails(ID, &offline), &[ID, "not in the cache", "HF_HUB_OFFLINE"]);
    let directory = client.ok(&[]);
    assert_eq!(client.ok(&offline), directory);
    fs::remove_file(directory.join("config.json")).unwrap();
    assert_names(&client.fails(ID, &offline), &["config.json is missing"]);
}

#[test]
fn a_different_folder_can_be_the_cache() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    let cache = client.folder.path("elsewhere");
    let directory = client.ok(&[("HF_HUB_CACHE", cache.to_str().unwrap())]);
    assert!(directory.starts_with(&cache), "{}", directory.display());
}

#[test]
fn a_missing_answer_is_an_error() {
    let server = Server::start(Fault::None);
    let client = Client::new(&server);
    let message = client.fails(ID, &[("HF_ENDPOINT", "http://127.0.0.1:1")]);
    assert_names(&message, &[ID, "http://127.0.0.1:1"]);
    let message = client.fails(ID, &[("HF_ENDPOINT", "not an address")]);
    assert_names(&message, &["not an address"]);
}
