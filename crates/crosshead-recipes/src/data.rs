//! The files of a recipe: paths, or embedded data.

use std::path::Path;

use crosshead_data::{
    Column, Format, Row, TagColumns, TaggedSentence, TextUnit, parse_rows, parse_tagged,
    parse_text, read_rows, read_tagged, read_text,
};

use crate::RunError;
use crate::host::Assets;

/// The given columns of a file.
pub(crate) fn rows<const N: usize>(
    name: &str,
    columns: [&Column; N],
    assets: &dyn Assets,
) -> Result<Vec<Row<N>>, RunError> {
    let format = Format::of_name(name, false);
    Ok(match embedded(name, assets)? {
        Some(text) => parse_rows(name, text, format, columns)?,
        None => read_rows(Path::new(name), format, columns)?,
    })
}

/// The text of a file.
pub(crate) fn text(name: &str, assets: &dyn Assets) -> Result<String, RunError> {
    let passages = match embedded(name, assets)? {
        Some(text) => parse_text(name, text, TextUnit::File)?,
        None => read_text(Path::new(name), TextUnit::File)?,
    };
    Ok(passages.into_iter().map(|passage| passage.text).collect())
}

/// The tagged sentences of a file.
pub(crate) fn tagged(
    name: &str,
    columns: &TagColumns,
    assets: &dyn Assets,
) -> Result<Vec<TaggedSentence>, RunError> {
    Ok(match embedded(name, assets)? {
        Some(text) => parse_tagged(name, text, columns)?,
        None => read_tagged(Path::new(name), columns)?,
    })
}

/// The embedded data with this name; `None` if the name is a path.
fn embedded<'a>(name: &str, assets: &'a dyn Assets) -> Result<Option<&'a [u8]>, RunError> {
    let Some(embedded) = name.strip_prefix("embedded:") else { return Ok(None) };
    assets.find(embedded).map(Some).ok_or_else(|| RunError::DataFile {
        file: name.to_owned(),
        reason: "no such embedded data; use the path of a file".to_owned(),
    })
}
