//! All routes, and the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::layers;
use crate::options::ServeError;
use crate::reply::ApiError;
use crate::security::{Client, Hosts, Rates};
use crate::state::App;
use crate::{deepl, libre, native, openai, page, probes, tei};

/// The header with the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The routes and the layers.
///
/// # Errors
/// If an origin is not one.
pub(crate) fn router(app: Arc<App>) -> Result<Router, ServeError> {
    let options = &app.options;
    let (native, document) = native::routes();
    let document = Arc::new(document);
    let open = Router::new()
        .merge(page::routes())
        .merge(probes::routes())
        .merge(native::info_route())
        .route("/openapi.json", get(move || async move { axum::Json((*document).clone()) }));
    let mut own_keys = libre::routes();
    let mut keyed = Router::new()
        .merge(native)
        .merge(probes::metrics_route())
        .merge(openai::routes())
        .merge(tei::routes())
        .merge(deepl::routes());
    if let Some(per_minute) = options.requests_per_minute {
        let rates: Arc<Rates<Client>> = Arc::new(Rates::new(per_minute));
        keyed = keyed.layer(from_fn_with_state(rates.clone(), layers::limit_rate));
        own_keys = own_keys.layer(from_fn_with_state(rates, layers::limit_rate));
    }
    let keyed = keyed.layer(from_fn_with_state(app.clone(), layers::authorize));
    let hosts = Hosts::new(&options.hosts);
    let mut router = open
        .merge(own_keys)
        .merge(keyed)
        .fallback(layers::not_found)
        .method_not_allowed_fallback(|| async {
            ApiError::new(
                axum::http::StatusCode::METHOD_NOT_ALLOWED,
                "this method is not allowed here",
            )
        })
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(options.timeout, layers::limit_time))
        .layer(RequestBodyTimeoutLayer::new(options.client_timeout))
        .layer(map_response(limit_form))
        .layer(RequestBodyLimitLayer::new(options.body_bytes))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(hosts, layers::check_host));
    if let Some(cors) = cors(&options.cors)? {
        router = router.layer(cors);
    }
    let trace = TraceLayer::new_for_http().make_span_with(|request: &axum::extract::Request| {
        let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
        tracing::info_span!(
            "request",
            method = %request.method(),
            path = request.uri().path(),
            id = id.unwrap_or_default()
        )
    });
    let trace = trace.on_request(()).on_response(
        |response: &Response, time: std::time::Duration, _: &tracing::Span| {
            let milliseconds = time.as_secs_f64() * 1e3;
            tracing::info!(status = response.status().as_u16(), milliseconds, "answered");
        },
    );
    Ok(router
        .layer(from_fn_with_state(app.clone(), layers::answer))
        .layer(trace)
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION]))
        .with_state(app))
}

/// The limit of bodies answers in plain text; gives it the form of other errors.
async fn limit_form(response: Response) -> Response {
    if response.status() != axum::http::StatusCode::PAYLOAD_TOO_LARGE
        || response.extensions().get::<ApiError>().is_some()
    {
        return response;
    }
    ApiError::of_body(response.status(), "").into_response()
}

/// The layer for pages of other origins; none if there are none.
fn cors(origins: &[String]) -> Result<Option<CorsLayer>, ServeError> {
    if origins.is_empty() {
        return Ok(None);
    }
    let layer = CorsLayer::new().allow_methods(Any).allow_headers(Any);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(Some(layer.allow_origin(Any)));
    }
    let value = |origin: &String| {
        let has_scheme = origin.starts_with("http://") || origin.starts_with("https://");
        let value = HeaderValue::from_str(origin).ok().filter(|_| has_scheme);
        value.ok_or_else(|| ServeError::Origin(origin.clone()))
    };
    let values: Result<Vec<HeaderValue>, ServeError> = origins.iter().map(value).collect();
    Ok(Some(layer.allow_origin(AllowOrigin::list(values?))))
}
