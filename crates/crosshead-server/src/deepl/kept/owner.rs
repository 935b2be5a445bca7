//! The client to which documents and glossaries belong.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::security::Client;

/// The client to which documents and glossaries belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::deepl) struct Owner(Option<Client>);

impl<S: Send + Sync> FromRequestParts<S> for Owner {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Client>().copied()))
    }
}
