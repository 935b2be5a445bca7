//! A recipe's files: paths, or data that the program carries.

use std::path::Path;

use crosshead_data::{
    Column, Format, Pair, Row, TextUnit, parse_rows, parse_text, read_rows, read_text,
};

use crate::Error;
use crate::host::Assets;
use crate::recipe::PairsSection;

/// Columns of a file.
pub(crate) fn rows<const N: usize>(
    name: &str,
    columns: [&Column; N],
    assets: &dyn Assets,
) -> Result<Vec<Row<N>>, Error> {
    let format = Format::of_name(name, false);
    Ok(match embedded(name, assets)? {
        Some(text) => parse_rows(name, text, format, columns)?,
        None => read_rows(Path::new(name), format, columns)?,
    })
}

/// The pairs of a file.
pub(crate) fn pairs(
    name: &str,
    section: &PairsSection,
    assets: &dyn Assets,
) -> Result<Vec<Pair>, Error> {
    let rows = rows(name, [&section.source, &section.target], assets)?;
    Ok(rows.into_iter().map(Pair::from).collect())
}

/// The whole text of a file.
pub(crate) fn text(name: &str, assets: &dyn Assets) -> Result<String, Error> {
    let passages = match embedded(name, assets)? {
        Some(text) => parse_text(name, text, TextUnit::File)?,
        None => read_text(Path::new(name), TextUnit::File)?,
    };
    Ok(passages.into_iter().map(|passage| passage.text).collect())
}

/// The data that a name behind `embedded:` stands for; none if it is a path.
fn embedded<'a>(name: &str, assets: &'a dyn Assets) -> Result<Option<&'a [u8]>, Error> {
    let Some(embedded) = name.strip_prefix("embedded:") else { return Ok(None) };
    assets.find(embedded).map(Some).ok_or_else(|| Error::Recipe {
        name: name.to_owned(),
        reason: "no such embedded data; give the path of a file".to_owned(),
    })
}
