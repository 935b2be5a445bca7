//! Who may ask, and how often.

mod client;
mod host;
mod keys;
mod rate;

pub(crate) use client::Client;
pub(crate) use host::Hosts;
pub(crate) use keys::{Keys, bearer};
pub(crate) use rate::Rates;
