//! What happens to every request before and after its handler.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::page;
use crate::reply::{ApiError, shaped};
use crate::security::{Client, Hosts, Rates, bearer};
use crate::state::App;

/// Counts requests, gives errors the form of their API, and adds the headers of every answer.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("other", |route| route.as_str()).to_owned();
    let mut response = shaped(&path, next.run(request).await);
    app.metrics.request(&route, response.status().as_u16(), started.elapsed());
    for (name, value) in page::HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Refuses requests whose Host header is not of this server.
pub(crate) async fn check_host(
    State(hosts): State<Hosts>,
    request: Request,
    next: Next,
) -> Response {
    let of_uri = request.uri().host();
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match header.or(of_uri) {
        Some(host) if hosts.accepts(host) => next.run(request).await,
        Some(_) | None => ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "the Host header is not of this server; add its name with --allow-host NAME",
        )
        .into_response(),
    }
}

/// The answer where a handler takes longer than it may.
pub(crate) async fn limit_time(
    State(timeout): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "the answer took too long; send less at once, or start the server with a larger --timeout",
        )
        .into_response(),
    }
}

/// Refuses requests without a key, where keys are required. A key in the body is checked by [`check_key`].
pub(crate) async fn authorize(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    if app.keys.are_required() {
        match bearer(request.headers()).and_then(|key| app.keys.find(key)) {
            Some(index) => drop(request.extensions_mut().insert(Client::Key(index))),
            None => return unauthorized().into_response(),
        }
    }
    next.run(request).await
}

/// The error for a missing or wrong key.
pub(crate) fn unauthorized() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "a valid key is required: send it as `Authorization: Bearer KEY`",
    )
}

/// Refuses requests of clients that have made too many.
pub(crate) async fn limit_rate(
    State(rates): State<Arc<Rates<Client>>>,
    request: Request,
    next: Next,
) -> Response {
    let address = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
    let address = address.map_or(Client::Unknown, |info| Client::Address(info.0.ip()));
    let client = request.extensions().get::<Client>().copied().unwrap_or(address);
    match rates.take(client, Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let message = "too many requests; wait as long as Retry-After says";
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, message);
            let mut response = error.into_response();
            let seconds = wait.as_secs_f64().ceil() as u64;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

/// An answer in the form of errors for those of the framework, such as one for an unknown path.
pub(crate) async fn not_found(request: Request) -> ApiError {
    ApiError::missing(format!("there is no {} {}", request.method(), request.uri().path()))
}

/// The answer where a handler panics.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    ApiError::internal("the server failed on this request").into_response()
}
