//! Regular expressions in `adapter_config.json` and recipes.

use regex::Regex;

/// Whether a regular expression matches the whole name of a module.
///
/// # Errors
/// If the expression is malformed or uses what this crate does not support, such as look-around.
pub(super) fn matches(pattern: &str, module: &str) -> Result<bool, regex::Error> {
    Ok(Regex::new(&format!("^(?:{pattern})$"))?.is_match(module))
}

/// Whether a key of `rank_pattern` or `alpha_pattern` matches a module: the whole name, or its end after a dot.
///
/// # Errors
/// As [`matches`].
pub(super) fn ends_with(pattern: &str, module: &str) -> Result<bool, regex::Error> {
    matches(&format!(r"(?:.*\.)?(?:{pattern})"), module)
}
