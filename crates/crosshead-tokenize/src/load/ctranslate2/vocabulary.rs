//! Vocabularies of CTranslate2: a JSON list of tokens, or one token per line, in the order of the ids.

use std::path::{Path, PathBuf};

use crate::TokenizeError;
use crate::files::{read_json, read_text};

/// Reads the vocabulary with this name, and returns it with its path; `None` if it does not exist.
pub(super) fn read_tokens(
    dir: &Path,
    name: &str,
) -> Result<Option<(PathBuf, Vec<String>)>, TokenizeError> {
    let path = dir.join(format!("{name}.json"));
    if path.is_file() {
        let tokens = read_json(&path)?;
        return Ok(Some((path, tokens)));
    }
    let path = dir.join(format!("{name}.txt"));
    if path.is_file() {
        let tokens = lines(&read_text(&path)?);
        return Ok(Some((path, tokens)));
    }
    Ok(None)
}

/// Splits a text into lines. As in CTranslate2, a carriage return is part of the token unless every line ends with one.
fn lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    let all_end = lines.iter().all(|line| line.ends_with('\r'));
    let token =
        |line: &&str| line.strip_suffix('\r').filter(|_| all_end).unwrap_or(line).to_owned();
    lines.iter().map(token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriage_returns_are_removed_only_if_every_line_has_one() {
        assert_eq!(lines("a\r\nb\r\n"), ["a", "b"]);
        assert_eq!(lines("a\r\nb\n"), ["a\r", "b"]);
        assert_eq!(lines("a\n\n b"), ["a", "", " b"]);
    }
}
