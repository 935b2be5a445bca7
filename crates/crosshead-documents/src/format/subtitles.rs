//! Subtitles: SubRip and WebVTT. Each cue is a segment; timings and settings stay.

use std::ops::Range;

use crate::error::DocumentError;
use crate::escape::{Entities, Escape, unescape};
use crate::segment::{Builder, Order, Wrap};
use crate::slot::Slot;

/// The kind of subtitles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// SubRip.
    Srt,
    /// WebVTT.
    Vtt,
}

/// The blocks of WebVTT that are not cues.
const NO_CUES: [&str; 4] = ["WEBVTT", "NOTE", "STYLE", "REGION"];

/// The segments of the cues.
///
/// # Errors
/// If WebVTT does not begin with its mark, or text comes before the first timing line.
pub(super) fn slots(source: &str, kind: Kind) -> Result<Vec<Slot>, DocumentError> {
    if kind == Kind::Vtt && !source.starts_with("WEBVTT") {
        return Err(DocumentError::syntax(source, 0, "a WebVTT file begins with WEBVTT"));
    }
    let mut slots = Vec::new();
    let mut has_cue = false;
    for block in blocks(source) {
        let head = &source[block[0].clone()];
        if kind == Kind::Vtt && NO_CUES.iter().any(|name| is_block(head, name)) {
            continue;
        }
        let timing = block.iter().take(2).position(|line| source[line.clone()].contains("-->"));
        let lines = match timing {
            Some(timing) => &block[timing + 1..],
            // A blank line within a cue: the text goes on.
            None if has_cue => &block,
            None => {
                let reason = "a timing line such as 00:00:01,000 --> 00:00:02,000 is missing";
                return Err(DocumentError::syntax(source, block[0].start, reason));
            }
        };
        has_cue = true;
        for speech in speeches(source, lines) {
            slots.extend(slot(source, speech, kind));
        }
    }
    Ok(slots)
}

fn is_block(head: &str, name: &str) -> bool {
    let rest = head.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', ':']))
}

/// The runs of lines without a blank one, without their line breaks.
fn blocks(source: &str) -> Vec<Vec<Range<usize>>> {
    let mut blocks = vec![Vec::new()];
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            blocks.push(Vec::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push(start..start + text.len());
        }
        start += line.len();
    }
    blocks.retain(|block: &Vec<_>| !block.is_empty());
    blocks
}

/// The lines of a cue, separated where a dash shows that another person speaks.
fn speeches<'a>(source: &str, lines: &'a [Range<usize>]) -> Vec<&'a [Range<usize>]> {
    let is_dash = |line: &Range<usize>| {
        let text = source[line.clone()].trim_start();
        text.starts_with(['-', '–', '—', '‐'])
    };
    let mut speeches = Vec::new();
    let mut start = 0;
    for (index, line) in lines.iter().enumerate() {
        if index > start && is_dash(line) {
            speeches.push(&lines[start..index]);
            start = index;
        }
    }
    if start < lines.len() {
        speeches.push(&lines[start..]);
    }
    speeches
}

fn slot(source: &str, lines: &[Range<usize>], kind: Kind) -> Option<Slot> {
    let (first, last) = (lines.first()?, lines.last()?);
    let mut builder = Builder::new(Order::Free, Wrap::Kept);
    let mut end = first.start;
    for line in lines {
        if line.start > first.start {
            builder.line_break(&source[end..line.start]);
        }
        let mut text = &source[line.clone()];
        // Settings of SubStation, such as {\an8}.
        while let Some((settings, rest)) = text.strip_prefix("{\\").and_then(|s| s.split_once('}'))
        {
            builder.alone(&text[..settings.len() + 3]);
            text = rest;
        }
        match kind {
            Kind::Srt => builder.tagged(text),
            Kind::Vtt => vtt(&mut builder, text),
        }
        end = line.end;
    }
    let segment = builder.finish()?;
    let range = first.start..last.end;
    let escape = match kind {
        Kind::Srt => Escape::Plain,
        Kind::Vtt => Escape::Html,
    };
    Some(Slot { range: range.clone(), unchanged: range, segment, escape })
}

/// The text of a WebVTT cue: tags such as `<v Ann>`, `<c.loud>` and `<00:01.000>`, and character references.
fn vtt(builder: &mut Builder, text: &str) {
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        let Some(end) = tag.find('>') else { break };
        builder.text(&unescape(before, Entities::Html));
        let raw = &rest[before.len()..before.len() + end + 2];
        let name = |inner: &str| -> String {
            inner.chars().take_while(char::is_ascii_alphanumeric).collect()
        };
        match tag[..end].strip_prefix('/') {
            Some(closed) => builder.close(&name(closed), raw),
            None if tag.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                builder.open(&name(tag), raw);
            }
            None => builder.alone(raw),
        }
        rest = &tag[end + 1..];
    }
    builder.text(&unescape(rest, Entities::Html));
}
