//! Values that the command line puts over a recipe's.

/// Puts `section.key=value` into a table; the value is TOML, or else text.
pub(super) fn apply(table: &mut toml::Table, set: &str) -> Result<(), String> {
    let (path, value) = set.split_once('=').ok_or("is not of the form section.key=value")?;
    let value = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut segments: Vec<&str> = path.trim().split('.').collect();
    let key = segments.pop().filter(|key| !key.is_empty()).ok_or("names no key")?;
    let mut section = table;
    for segment in segments {
        let entry =
            section.entry(segment).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        section = entry.as_table_mut().ok_or_else(|| format!("{segment} is not a section"))?;
    }
    section.insert(key.to_owned(), value);
    Ok(())
}
