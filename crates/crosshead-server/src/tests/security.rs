//! Keys, hosts, limits.

use axum::body::Body;
use axum::http::{StatusCode, header};
use serde_json::json;

use super::{fixture, form, get, options, post, request, send, source, translator, with};
use crate::{ModelSource, Options, ServeError, Server};

fn sentences() -> ModelSource {
    source("sentences", fixture("sentences-tiny"))
}

#[tokio::test]
async fn keys_are_required_in_each_api_with_its_form_of_error() {
    let keys = vec!["secret".to_owned()];
    let server = with(Options { keys, ..options() }, source("translate-en-de", translator()));
    let translate = "q=a&source=en&target=de";
    assert_eq!(form(&server, "/translate", translate).await.status, StatusCode::BAD_REQUEST);
    let wrong = format!("{translate}&api_key=secre");
    let found = form(&server, "/translate", &wrong).await;
    assert_eq!(
        (found.status, found.json()["error"].clone()),
        (StatusCode::FORBIDDEN, json!("Invalid API key"))
    );
    assert_eq!(
        form(&server, "/translate", &format!("{translate}&api_key=secret")).await.status,
        StatusCode::OK
    );
    let body = json!({ "text": "a" });
    assert_eq!(
        post(&server, "/api/translate", body.clone()).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(post(&server, "/v2/translate", body.clone()).await.status, StatusCode::FORBIDDEN);
    let found = get(&server, "/v1/models").await;
    assert_eq!(found.json()["error"]["code"], "invalid_api_key");
    assert_eq!(get(&server, "/metrics").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&server, "/api/info").await.ok()["key_required"], true);
    let authorized = |scheme: &str| {
        request("GET", "/v1/models")
            .header(header::AUTHORIZATION, format!("{scheme} secret"))
            .body(Body::empty())
            .unwrap()
    };
    for scheme in ["Bearer", "DeepL-Auth-Key"] {
        assert_eq!(send(&server, authorized(scheme)).await.status, StatusCode::OK);
    }
    let unload = request("POST", "/api/models/unload")
        .header(header::AUTHORIZATION, "Bearer secret")
        .header(header::CONTENT_TYPE, "application/json");
    let unload = unload.body(Body::from(r#"{"model":"translate-en-de"}"#)).unwrap();
    assert_eq!(send(&server, unload).await.status, StatusCode::OK);
    assert_eq!(get(&server, "/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let load = request("POST", "/api/models/load")
        .header(header::AUTHORIZATION, "Bearer secret")
        .header(header::CONTENT_TYPE, "application/json");
    let load = load.body(Body::from(r#"{"model":"translate-en-de"}"#)).unwrap();
    assert_eq!(send(&server, load).await.status, StatusCode::OK);
    assert_eq!(get(&server, "/ready").await.status, StatusCode::OK);
}

#[tokio::test]
async fn models_change_only_with_a_key() {
    let server = with(options(), sentences());
    let found = post(&server, "/api/models/unload", json!({ "model": "sentences" })).await;
    assert_eq!(found.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn other_hosts_are_refused() {
    let server = with(options(), sentences());
    let of = |host: &str| {
        let request = axum::http::Request::builder().uri("/health").header(header::HOST, host);
        request.body(Body::empty()).unwrap()
    };
    assert_eq!(send(&server, of("evil.example")).await.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(send(&server, of("127.0.0.1:5000")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn large_and_malformed_requests_are_refused() {
    let options = Options { body_bytes: 2000, characters: 100, ..options() };
    let server = with(options, sentences());
    let texts = |length: usize| json!({ "query": "a", "texts": ["b".repeat(length)] });
    let found = post(&server, "/api/similar", texts(4000)).await;
    assert_eq!(found.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(found.json()["error"].as_str().unwrap().contains("split"), "{}", found.text());
    assert_eq!(
        post(&server, "/api/similar", texts(200)).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(post(&server, "/api/similar", texts(50)).await.status, StatusCode::OK);
    for body in [
        "{",
        "[]",
        "\"\"",
        r#"{"query": 1, "texts": []}"#,
        r#"{"query": "a", "texts": [], "x": 1}"#,
    ] {
        let request =
            request("POST", "/api/similar").header(header::CONTENT_TYPE, "application/json");
        let found = send(&server, request.body(Body::from(body)).unwrap()).await;
        assert_eq!(found.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let request = request("POST", "/api/similar").header(header::CONTENT_TYPE, "application/json");
    let invalid = request.body(Body::from(vec![b'"', 0xff, b'"'])).unwrap();
    assert_eq!(send(&server, invalid).await.status, StatusCode::BAD_REQUEST);
    let found = get(&server, "/api/similar").await;
    assert_eq!(found.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn clients_have_an_allowance() {
    let server = with(Options { requests_per_minute: Some(2), ..options() }, sentences());
    let body = json!({ "inputs": "a" });
    for _ in 0..2 {
        assert_eq!(post(&server, "/embed", body.clone()).await.status, StatusCode::OK);
    }
    let found = post(&server, "/embed", body).await;
    assert_eq!(found.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = found.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&seconds));
    assert_eq!(found.json()["error_type"], "overloaded");
    assert_eq!(get(&server, "/health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_unless_they_are_named() {
    let server = with(options(), sentences());
    let from = |origin: &str| {
        request("GET", "/health").header(header::ORIGIN, origin).body(Body::empty()).unwrap()
    };
    let allowed = header::ACCESS_CONTROL_ALLOW_ORIGIN;
    assert!(!send(&server, from("https://example.org")).await.headers.contains_key(&allowed));
    let cors = vec!["https://example.org".to_owned()];
    let server = with(Options { cors, ..options() }, sentences());
    let found = send(&server, from("https://example.org")).await;
    assert_eq!(found.headers[&allowed], "https://example.org");
    assert!(!send(&server, from("https://other.example")).await.headers.contains_key(&allowed));
}

#[test]
fn an_address_of_the_network_needs_keys() {
    let public = Options { address: ([0, 0, 0, 0], 0).into(), ..options() };
    let refused = Server::new(public.clone(), vec![sentences()]);
    assert!(matches!(refused, Err(ServeError::NeedsKeys(_))));
    assert!(Server::new(Options { open: true, ..public }, vec![sentences()]).is_ok());
    let twice = Server::new(
        Options { address: ([127, 0, 0, 1], 0).into(), ..options() },
        vec![sentences(), sentences()],
    );
    assert!(matches!(twice, Err(ServeError::SameName(_))));
}
