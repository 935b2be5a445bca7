//! Writing translated text in the syntax of a format.

mod entities;
mod markdown;

use crate::place::Token;

pub(crate) use entities::{Entities, unescape};

/// How a segment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// As it is.
    Plain,
    /// In a cell of a TSV file: tabs become spaces.
    Cell,
    /// In HTML and WebVTT.
    Html,
    /// In a text element of DOCX.
    Docx,
    /// In Markdown.
    Markdown(Place),
    /// As a string of a PO file with these line breaks.
    Po(&'static str),
    /// As a JSON string.
    Json,
}

/// Where Markdown text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a paragraph, a heading or a list item.
    Block,
    /// In a cell of a table.
    Cell,
}

impl Escape {
    pub(crate) fn encode(self, tokens: &[Token]) -> String {
        match self {
            Self::Plain => joined(tokens),
            Self::Cell => joined(tokens).replace('\t', " "),
            Self::Html => each(tokens, |text, out| markup(text, "&#160;", out), str::to_owned),
            Self::Docx => each(
                tokens,
                |text, out| markup(text, "\u{a0}", out),
                |raw| raw.replace("<w:t>", "<w:t xml:space=\"preserve\">"),
            ),
            Self::Markdown(place) => markdown::encode(tokens, place),
            Self::Po(newline) => po_string(&joined(tokens), newline),
            Self::Json => json_string(&joined(tokens)),
        }
    }
}

fn joined(tokens: &[Token]) -> String {
    let parts = tokens.iter().map(|token| match token {
        Token::Text(text) | Token::Raw(text) => text.as_str(),
    });
    parts.collect()
}

fn each(
    tokens: &[Token],
    escape: impl Fn(&str, &mut String),
    keep: impl Fn(&str) -> String,
) -> String {
    let mut out = String::new();
    for token in tokens {
        match token {
            Token::Text(text) => escape(text, &mut out),
            Token::Raw(raw) => out.push_str(&keep(raw)),
        }
    }
    out
}

/// Escapes text between tags. Control characters, which XML does not allow, become spaces.
fn markup(text: &str, no_break_space: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{a0}' => out.push_str(no_break_space),
            '\t' | '\n' | '\r' => out.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(' '),
            other => out.push(other),
        }
    }
}

/// A PO string: one line, or one line for each line of the text after an empty first one.
fn po_string(text: &str, newline: &str) -> String {
    let lines: Vec<_> = text.split_inclusive('\n').map(po_line).collect();
    match lines.as_slice() {
        [] => "\"\"".to_owned(),
        [line] => line.clone(),
        lines => format!("\"\"{newline}{}", lines.join(newline)),
    }
}

fn po_line(line: &str) -> String {
    let mut out = String::from("\"");
    for character in line.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
