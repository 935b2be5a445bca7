//! The description of a file, which is in the response headers.

use ureq::http::HeaderMap;

use crate::HubError;
use crate::headers::header;

/// Maximum length of an etag as a file name.
const MAX_ETAG: usize = 128;

/// The headers of the responses to a `HEAD` request: first those of the redirects, then those of the last response.
#[derive(Default)]
pub(crate) struct Described {
    commit: Option<String>,
    linked_etag: Option<String>,
    linked_size: Option<u64>,
    etag: Option<String>,
    size: Option<u64>,
}

impl Described {
    /// Adds the headers of the next response. The content length of a redirect is not the length of the file.
    pub(crate) fn add(&mut self, headers: &HeaderMap, is_redirect: bool) {
        let text = |name| header(headers, name).filter(|text| !text.is_empty());
        let number = |name| text(name).and_then(|text| text.parse().ok());
        let is_plain =
            header(headers, "content-encoding").is_none_or(|coding| coding == "identity");
        let owned = |text: &str| text.to_owned();
        self.commit = text("x-repo-commit").map(owned).or(self.commit.take());
        self.linked_etag = text("x-linked-etag").map(owned).or(self.linked_etag.take());
        self.linked_size = number("x-linked-size").or(self.linked_size);
        self.etag = text("etag").map(owned);
        self.size = number("content-length").filter(|_| !is_redirect && is_plain);
    }

    /// Whether commit and etag are known.
    pub(crate) fn is_complete(&self) -> bool {
        self.commit.is_some() && (self.linked_etag.is_some() || self.etag.is_some())
    }
}

/// A file on the Hub.
#[derive(Debug, PartialEq)]
pub(crate) struct RemoteFile {
    pub(crate) name: String,
    /// The size, if known.
    pub(crate) size: Option<u64>,
    /// The etag, made a valid file name: the SHA-256 of large files.
    pub(crate) etag: String,
    pub(crate) commit: String,
}

impl RemoteFile {
    /// The file with this name. Its etag becomes part of a path.
    pub(crate) fn new(name: String, described: Described) -> Result<Self, HubError> {
        let etag = described.linked_etag.or(described.etag);
        let etag = etag.as_deref().and_then(file_name);
        match (etag, described.commit) {
            (Some(etag), Some(commit)) => {
                Ok(Self { name, size: described.linked_size.or(described.size), etag, commit })
            }
            (None, _) => Err(HubError::Answer { what: name, missing: "ETag" }),
            (_, None) => Err(HubError::Answer { what: name, missing: "X-Repo-Commit" }),
        }
    }

    /// The SHA-256 of the content, if the etag is one. Small files have a git object id.
    pub(crate) fn sha256(&self) -> Option<&str> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        Some(self.etag.as_str()).filter(|etag| etag.len() == 64 && etag.bytes().all(is_hex))
    }
}

/// The value of an etag, weak or strong, as a valid file name.
fn file_name(etag: &str) -> Option<String> {
    let value = etag.trim().trim_start_matches(['W', '/']).trim_matches('"');
    let is_kept = |c: char| c.is_ascii_alphanumeric() || "-_=+".contains(c);
    let name: String = value.chars().map(|c| if is_kept(c) { c } else { '_' }).collect();
    (!name.is_empty() && name.len() <= MAX_ETAG).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    fn described(answers: &[(&[(&'static str, &str)], bool)]) -> Result<RemoteFile, HubError> {
        let mut described = Described::default();
        for (pairs, is_redirect) in answers {
            described.add(&headers(pairs), *is_redirect);
        }
        RemoteFile::new("a".to_owned(), described)
    }

    #[test]
    fn a_redirect_describes_its_target() {
        let answer: &[_] = &[
            ("x-repo-commit", "c0ffee"),
            ("x-linked-etag", "\"aa\""),
            ("x-linked-size", "1000"),
            ("etag", "\"bb\""),
            ("content-length", "17"),
        ];
        let file = described(&[(answer, true)]).unwrap();
        assert_eq!((file.etag.as_str(), file.size), ("aa", Some(1000)));
        let last: &[_] = &[("etag", "\"cc\""), ("content-length", "1000")];
        assert_eq!(described(&[(answer, true), (last, false)]).unwrap(), file);
        let plain: &[_] = &[("x-repo-commit", "c0ffee"), ("location", "/b")];
        let file = described(&[(plain, true), (last, false)]).unwrap();
        assert_eq!((file.etag.as_str(), file.size), ("cc", Some(1000)));
    }

    #[test]
    fn etags_become_valid_file_names() {
        for (etag, expected) in [
            ("\"abc\"", Some("abc")),
            ("W/\"abc\"", Some("abc")),
            ("abc-gzip", Some("abc-gzip")),
            ("\"../../x\"", Some("______x")),
            ("\"\"", None),
            ("W/", None),
        ] {
            assert_eq!(file_name(etag).as_deref(), expected, "{etag}");
        }
    }

    #[test]
    fn a_file_without_etag_or_commit_is_an_error() {
        let commit: &[_] = &[("x-repo-commit", "c0ffee")];
        let etag: &[_] = &[("etag", "\"aa\"")];
        for (answer, missing) in [(commit, "ETag"), (etag, "X-Repo-Commit")] {
            let message = described(&[(answer, false)]).unwrap_err().to_string();
            assert!(message.contains(missing), "{message}");
        }
    }

    #[test]
    fn the_length_of_a_compressed_response_is_ignored() {
        let answer: &[_] = &[
            ("x-repo-commit", "c0ffee"),
            ("etag", "\"aa\""),
            ("content-encoding", "gzip"),
            ("content-length", "17"),
        ];
        assert_eq!(described(&[(answer, false)]).unwrap().size, None);
    }
}
