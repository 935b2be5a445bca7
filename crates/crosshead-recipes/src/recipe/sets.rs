//! Values of the command line that replace a recipe's.

/// What is wrong with a `--set`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetError {
    /// There is no `=`.
    #[error("is not of the form section.key=value")]
    Form,
    /// Nothing names the key before the `=`.
    #[error("names no key")]
    Key,
    /// A key is used as a section.
    #[error("{0} is not a section")]
    Section(String),
}

/// Puts `section.key=value` into a table; the value is TOML, or else text.
///
/// # Errors
/// If it does not have that form.
pub(super) fn apply(table: &mut toml::Table, set: &str) -> Result<(), SetError> {
    let (path, value) = set.split_once('=').ok_or(SetError::Form)?;
    let value = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut segments: Vec<&str> = path.trim().split('.').collect();
    let key = segments.pop().filter(|key| !key.is_empty()).ok_or(SetError::Key)?;
    let mut section = table;
    for segment in segments {
        let entry =
            section.entry(segment).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        section = entry.as_table_mut().ok_or_else(|| SetError::Section(segment.to_owned()))?;
    }
    section.insert(key.to_owned(), value);
    Ok(())
}
