//! Keys of clients.

use axum::http::{HeaderMap, header};
use subtle::{Choice, ConstantTimeEq};

/// The keys that are accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Vec<String>);

impl Keys {
    pub(crate) fn new(keys: Vec<String>) -> Self {
        Self(keys)
    }

    /// Whether a key is needed.
    pub(crate) fn are_required(&self) -> bool {
        !self.0.is_empty()
    }

    /// The index of a key. The time does not depend on how much of it is right, nor on which one it is.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        let mut found = None;
        for (index, own) in self.0.iter().enumerate() {
            let is_equal: Choice = own.as_bytes().ct_eq(key.as_bytes());
            if bool::from(is_equal) {
                found = Some(index);
            }
        }
        found
    }
}

/// The key in a header: `Bearer KEY`, as OpenAI's, or `DeepL-Auth-Key KEY`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    let is_known = ["bearer", "deepl-auth-key"].contains(&scheme.to_ascii_lowercase().as_str());
    is_known.then(|| key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_keys_are_found() {
        let keys = Keys::new(vec!["first".into(), "second".into()]);
        assert_eq!((keys.find("first"), keys.find("second")), (Some(0), Some(1)));
        for wrong in ["", "firs", "firsts", "FIRST"] {
            assert_eq!(keys.find(wrong), None, "{wrong}");
        }
        assert!(!Keys::default().are_required());
    }

    #[test]
    fn keys_are_read_from_both_schemes() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("DeepL-Auth-Key abc:fx").as_deref(), Some("abc:fx"));
        assert_eq!(of("Basic abc"), None);
        assert_eq!(of("abc"), None);
    }
}
