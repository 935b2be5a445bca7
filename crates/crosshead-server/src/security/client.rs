//! The client of a request.

use std::net::IpAddr;

/// The client of a request: the index of its key, or its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    Key(usize),
    Address(IpAddr),
    Unknown,
}
