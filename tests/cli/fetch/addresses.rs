//! Redirects and slow servers.

use std::fs;

use super::server::{Fault, Server, WEIGHTS, sha256_of_weights};
use super::{Client, ID};
use crate::harness::assert_names;

#[test]
fn redirected_weights_are_checked_with_the_headers_of_the_redirect() {
    let store = Server::start(Fault::None);
    let server = Server::start(Fault::LinksTo(store.endpoint()));
    let client = Client::new(&server);
    let directory = client.ok(&[("HF_TOKEN", "secret")]);
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), WEIGHTS);
    assert!(client.blob(&sha256_of_weights()).is_file());
    assert!(server.saw_token(), "the Hub receives the token");
    assert!(!store.saw_token(), "a store is not");
}

#[test]
fn corrupted_redirected_weights_are_an_error() {
    let store = Server::start(Fault::WrongBytes);
    let server = Server::start(Fault::LinksTo(store.endpoint()));
    assert_names(&Client::new(&server).fails(ID, &[]), &["model.safetensors", "SHA-256"]);
}

#[test]
fn a_redirect_on_the_same_host_keeps_the_token() {
    let server = Server::start(Fault::Renamed);
    let client = Client::new(&server);
    let directory = client.ok(&[("HF_TOKEN", "secret")]);
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), WEIGHTS);
}

#[test]
fn a_mirror_that_redirects_is_followed_without_the_token() {
    let other = Server::start(Fault::None);
    let mirror = Server::start(Fault::Mirrors(other.endpoint()));
    let client = Client::new(&mirror);
    let directory = client.ok(&[("HF_TOKEN", "secret")]);
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), WEIGHTS);
    assert!(mirror.saw_token() && !other.saw_token());
}

#[test]
fn endless_redirects_are_an_error() {
    let server = Server::start(Fault::Circles);
    assert_names(&Client::new(&server).fails(ID, &[]), &[ID, "too many redirects", "HF_ENDPOINT"]);
}

#[test]
fn a_busy_server_is_retried() {
    let server = Server::start(Fault::BusyTwice);
    Client::new(&server).ok(&[]);
}

#[test]
fn a_server_that_never_answers_times_out() {
    let server = Server::start(Fault::Silent);
    let message = Client::new(&server).fails(ID, &[("HF_HUB_ETAG_TIMEOUT", "1")]);
    assert_names(&message, &[ID, &server.endpoint(), "within 1 s", "HF_HUB_ETAG_TIMEOUT"]);
    let message = Client::new(&server).fails(ID, &[("HF_HUB_ETAG_TIMEOUT", "soon")]);
    assert_names(&message, &["HF_HUB_ETAG_TIMEOUT", "soon", "seconds"]);
}

#[test]
fn a_stalled_transfer_is_resumed() {
    let server = Server::start(Fault::StallsOnce);
    let client = Client::new(&server);
    let directory = client.ok(&[("HF_HUB_DOWNLOAD_TIMEOUT", "1")]);
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), WEIGHTS);
    assert_eq!(server.bytes_of_weights_sent(), WEIGHTS.len(), "no bytes may be sent twice");
}
