//! Values from the command line that override a recipe's.

/// What is wrong with a `--set`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetError {
    /// There is no `=`.
    #[error("expected section.key=value")]
    Form,
    /// There is no key before the `=`.
    #[error("expected a key before `=`")]
    Key,
    /// A key is used as a section.
    #[error("{0} is not a section")]
    Section(String),
}

/// Keys of which a recipe has one: an argument that sets one replaces the others.
const ALTERNATIVES: [&[&str]; 3] = [
    &["train.steps", "train.epochs", "train.tokens"],
    &["train.warmup", "train.warmup_share", "train.warmup_tokens"],
    &["train.cooldown", "train.cooldown_share"],
];

/// Removes the keys of a table that arguments replace by others.
pub(super) fn remove_replaced(table: &mut toml::Table, sets: &[String]) {
    for keys in ALTERNATIVES {
        let is_set = |path: &str| sets.iter().any(|set| key(set) == path);
        if !keys.iter().any(|path| is_set(path)) {
            continue;
        }
        for path in keys {
            let Some((section, key)) = path.split_once('.') else { continue };
            if let Some(section) = table.get_mut(section).and_then(toml::Value::as_table_mut) {
                section.remove(key);
            }
        }
    }
}

/// Sets a key of a table from `section.key=value`. The value is TOML; what is not valid TOML is taken as text.
///
/// # Errors
/// If the argument does not have that form.
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

/// The key that an argument sets.
pub(super) fn key(set: &str) -> &str {
    set.split('=').next().unwrap_or_default().trim()
}
