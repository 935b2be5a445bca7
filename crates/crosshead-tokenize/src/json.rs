//! JSON as Python writes it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

/// Python's separators: a space behind commas and colons.
pub(crate) struct PythonStyle;

impl PythonStyle {
    /// The value on one line, or on many with this indent.
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

/// The widest indent.
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
