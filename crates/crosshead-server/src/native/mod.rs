//! Our own API, which the page uses.

mod attention;
mod classify;
mod document;
mod fill_mask;
mod generate;
mod info;
mod load;
mod next;
mod rank;
mod runs;
mod score;
mod similar;
mod summarize;
mod tag;
mod translate;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use document::{Uploaded, download, format_of, translate_upload};
pub(crate) use info::route as info_route;
pub(crate) use similar::{SimilarText, rank as similar_texts, vectors};
pub(crate) use translate::Texts;

use crate::state::App;

/// The OpenAPI document, without its paths.
#[derive(OpenApi)]
#[openapi(info(
    title = "Crosshead",
    description = "Translation, summarization, classification, generation and embedding with Transformers. Errors have the body \
        `{\"error\": \"…\"}`. With keys, send `Authorization: Bearer KEY`."
))]
struct Described;

/// The routes, and their OpenAPI document.
pub(crate) fn routes() -> (Router<Arc<App>>, Document) {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(translate::translate))
        .routes(routes!(next::next))
        .routes(routes!(next::detect))
        .routes(routes!(document::document))
        .routes(routes!(summarize::summarize))
        .routes(routes!(classify::classify))
        .routes(routes!(tag::tag))
        .routes(routes!(generate::generate))
        .routes(routes!(fill_mask::fill_mask))
        .routes(routes!(similar::similar))
        .routes(routes!(rank::rank))
        .routes(routes!(score::score))
        .routes(routes!(attention::attention))
        .routes(routes!(runs::runs))
        .routes(routes!(runs::log))
        .routes(routes!(load::load))
        .routes(routes!(load::unload))
        .split_for_parts()
}
