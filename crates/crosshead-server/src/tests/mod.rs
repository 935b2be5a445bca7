//! The routes with small models, without a socket.

mod deepl;
mod engine;
mod libre;
mod native;
mod openai;
mod page;
mod security;

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use burn::tensor::Device;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::options::{ModelSource, Options};
use crate::server::build;

/// The boundary of forms in parts.
const BOUNDARY: &str = "parts";

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path)
}

/// The embedded translator.
fn translator() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crosshead-assets-models/models/translate-en-de")
}

fn source(name: &str, dir: PathBuf) -> ModelSource {
    ModelSource { name: name.to_owned(), dir, built_in: false }
}

/// A model for each task of the tests.
fn models() -> Vec<ModelSource> {
    vec![
        source("translate-en-de", translator()),
        source("sentences", fixture("sentences-tiny")),
        source("classes", fixture("pipelines/three")),
        source("mask", fixture("pipelines/mask")),
        source("tags", fixture("token-pipelines/bert")),
        source("gpt2", fixture("generation/gpt2")),
    ]
}

fn options() -> Options {
    Options::new(Device::flex())
}

/// The routes of a server with all models.
fn server() -> Router {
    build(options(), models()).unwrap().1
}

/// The routes of a server with one model.
fn with(options: Options, model: ModelSource) -> Router {
    build(options, vec![model]).unwrap().1
}

/// An answer.
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The JSON of an answer that must be a success.
    #[track_caller]
    fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self.json()
    }
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "localhost:5000")
}

async fn get(router: &Router, path: &str) -> Answer {
    send(router, request("GET", path).body(Body::empty()).unwrap()).await
}

async fn post(router: &Router, path: &str, body: Value) -> Answer {
    let request = request("POST", path).header(header::CONTENT_TYPE, "application/json");
    send(router, request.body(Body::from(body.to_string())).unwrap()).await
}

async fn form(router: &Router, path: &str, fields: &str) -> Answer {
    let kind = "application/x-www-form-urlencoded";
    let request = request("POST", path).header(header::CONTENT_TYPE, kind);
    send(router, request.body(Body::from(fields.to_owned())).unwrap()).await
}

/// Uploads a file with other fields.
async fn upload(
    router: &Router,
    path: &str,
    file: (&str, &[u8]),
    fields: &[(&str, &str)],
) -> Answer {
    let mut body = Vec::new();
    let mut part = |disposition: String, content: &[u8]| {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    };
    for (name, value) in fields {
        part(format!("name=\"{name}\""), value.as_bytes());
    }
    part(format!("name=\"file\"; filename=\"{}\"", file.0), file.1);
    body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = request("POST", path).header(header::CONTENT_TYPE, kind);
    send(router, request.body(Body::from(body)).unwrap()).await
}

/// The direct translation of a sentence, with the options of the server.
fn direct(sentences: &[&str]) -> Vec<String> {
    let options = crosshead_tasks::DecodeOptions { loop_guard: Some(10), ..Default::default() };
    let translator = crosshead_tasks::Translator::from_pretrained(translator(), &Device::flex());
    translator.unwrap().with_options(options).translate(sentences).unwrap()
}
