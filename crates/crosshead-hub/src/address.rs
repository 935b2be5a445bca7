//! URLs: the target of a redirect, and the hosts that may receive the token.

/// The origin of a URL: scheme, host and port.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    host: String,
    port: String,
}

impl Origin {
    /// The origin of an absolute URL.
    pub(crate) fn of(address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        // A colon inside the brackets of an IPv6 address does not start a port.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority, ""),
        };
        let port = match (port, scheme.as_str()) {
            ("", "http") => "80",
            ("", "https") => "443",
            (port, _) => port,
        };
        let port = port.to_owned();
        (!host.is_empty()).then(|| Self { scheme, host: host.to_ascii_lowercase(), port })
    }
}

/// The target of a `Location` header in a response from `base`, an absolute URL.
pub(crate) fn join(base: &str, location: &str) -> String {
    let has_scheme = location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    if has_scheme {
        return location.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    if location.starts_with("//") {
        return format!("{scheme}:{location}");
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = match location.chars().next() {
        None | Some('#') => path.to_owned(),
        Some('/') => without_dots(location),
        Some('?') => format!("{path}{location}"),
        Some(_) => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            without_dots(&format!("{folder}/{location}"))
        }
    };
    format!("{scheme}://{authority}{path}")
}

/// A path with `.` and `..` removed.
fn without_dots(path: &str) -> String {
    let (path, rest) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match *segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
        if is_last && matches!(*segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}{rest}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_resolved_as_a_browser_does() {
        let base = "http://hub.example:8080/owner/name/resolve/main/a.json?x=1";
        for (location, expected) in [
            ("https://cdn.example/a?y=2", "https://cdn.example/a?y=2"),
            ("//cdn.example/a", "http://cdn.example/a"),
            ("/api/cache/a", "http://hub.example:8080/api/cache/a"),
            ("b.json", "http://hub.example:8080/owner/name/resolve/main/b.json"),
            ("../b.json?z", "http://hub.example:8080/owner/name/resolve/b.json?z"),
            ("./", "http://hub.example:8080/owner/name/resolve/main/"),
            ("?y=2", "http://hub.example:8080/owner/name/resolve/main/a.json?y=2"),
            ("/a?next=http://x/y", "http://hub.example:8080/a?next=http://x/y"),
        ] {
            assert_eq!(join(base, location), expected, "{location}");
        }
        assert_eq!(join("http://hub.example", "a"), "http://hub.example/a");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a, b| Origin::of(a) == Origin::of(b);
        assert!(same("https://Hub.example/a", "https://hub.example:443/b?c"));
        assert!(same("http://user@hub.example", "http://hub.example:80/"));
        assert!(!same("https://hub.example", "http://hub.example"));
        assert!(!same("http://127.0.0.1:1/", "http://127.0.0.1:2/"));
        assert!(!same("http://hub.example/", "http://hub.example.evil.org/"));
        assert!(!same("http://[::1]:80/", "http://[::2]:80/"));
        assert!(same("http://[::1]/", "http://[::1]:80"));
        assert_eq!(Origin::of("not an address"), None);
    }
}
