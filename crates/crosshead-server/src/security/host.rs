//! The Host header, which must name this server: a page of another site whose name was rebound to this address does not.

use std::net::IpAddr;

/// The host names that requests may have, besides addresses.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// `localhost` and these names. `*` is any.
    pub(crate) fn new(names: &[String]) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase());
        Self(std::iter::once("localhost".to_owned()).chain(names).collect())
    }

    /// Whether a request with this Host header, such as `localhost:5000`, is for this server.
    pub(crate) fn accepts(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name.parse::<IpAddr>().is_ok() || self.0.iter().any(|own| *own == name || own == "*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_known_names_are_accepted() {
        let hosts = Hosts::new(&["Translate.Example.org".into()]);
        for host in
            ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "translate.example.org"]
        {
            assert!(hosts.accepts(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:5000", "example.org"] {
            assert!(!hosts.accepts(host), "{host}");
        }
        assert!(Hosts::new(&["*".into()]).accepts("any.example"));
    }
}
