//! JSON with Python's separators.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

/// A formatter with a space after commas and colons, as in Python.
pub(crate) struct PythonStyle;

impl PythonStyle {
    /// Serializes a value on one line, or with this indent on multiple lines.
    pub(crate) fn write(
        value: &impl Serialize,
        indent: Option<usize>,
    ) -> serde_json::Result<String> {
        let mut bytes = Vec::new();
        match indent {
            None => value.serialize(&mut Serializer::with_formatter(&mut bytes, Self))?,
            Some(indent) => {
                let indent = " ".repeat(indent.min(MAX_INDENT));
                let pretty = PrettyFormatter::with_indent(indent.as_bytes());
                value.serialize(&mut Serializer::with_formatter(&mut bytes, pretty))?;
            }
        }
        Ok(String::from_utf8(bytes).expect("the serializer writes UTF-8"))
    }
}

/// The maximum indent.
const MAX_INDENT: usize = 64;

impl Formatter for PythonStyle {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
