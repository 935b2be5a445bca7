//! `LineReader`: every line ending, at every boundary between two reads.

use std::io::{self, BufReader, Read};

use crosshead_data::{
    DataError, Format, LineReader, Passage, TextUnit, parse_pairs, parse_rows, parse_text,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A stream that yields its bytes in chunks of these sizes, cycling through the sizes.
struct Chunks<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = *self.sizes.next().unwrap();
        let size = size.min(buffer.len()).min(self.bytes.len());
        let (chunk, rest) = self.bytes.split_at(size);
        buffer[..size].copy_from_slice(chunk);
        self.bytes = rest;
        Ok(size)
    }
}

/// The lines before the first error, and that error.
fn lines_of(reader: impl io::BufRead) -> (Vec<String>, Option<String>) {
    let (mut lines, mut error) = (Vec::new(), None);
    for line in LineReader::new("text", reader) {
        assert!(error.is_none(), "nothing comes after an error");
        match line {
            Ok(line) => lines.push(line),
            Err(found) => error = Some(found.to_string()),
        }
    }
    (lines, error)
}

fn lines(text: &[u8]) -> Vec<String> {
    let (lines, error) = lines_of(text);
    assert_eq!(error, None);
    lines
}

fn error(text: &[u8]) -> DataError {
    LineReader::new("text", text).find_map(Result::err).unwrap()
}

/// The result of Python's `open(…, encoding="utf-8-sig").read().split("\n")`, without an empty string at the end.
fn as_python_reads_it(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    lines.pop_if(|last| last.is_empty());
    lines
}

/// Bytes with many line endings, byte order marks and incomplete characters.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"\n"[..]),
        Just(&b"\r"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"a"[..]),
        Just("ü\u{2028}".as_bytes()),
        Just("\u{feff}".as_bytes()),
        Just(&b"\xef\xbb"[..]),
        Just(&b"\xff\xfe"[..]),
        Just(&b"\0"[..]),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn read_boundaries_do_not_change_the_lines(
        text in bytes(), sizes in vec(1usize..6, 1..8), capacity in 1usize..9,
    ) {
        let chunks = Chunks { bytes: &text, sizes: sizes.iter().cycle() };
        prop_assert_eq!(lines_of(BufReader::with_capacity(capacity, chunks)), lines_of(&text[..]));
    }

    #[test]
    fn lines_match_python(text in "\u{feff}?[a\u{85}\u{2028}\u{b}ü\r\n]{0,24}") {
        prop_assert_eq!(lines(text.as_bytes()), as_python_reads_it(&text));
    }
}

#[test]
fn every_line_ending_ends_one_line() {
    for end in ["\n", "\r\n", "\r"] {
        for last in ["", end] {
            let text = format!("\u{feff}a{end}{end}b{last}");
            assert_eq!(lines(text.as_bytes()), ["a", "", "b"], "{text:?}");
        }
    }
    assert!(lines(b"").is_empty());
    assert!(lines("\u{feff}".as_bytes()).is_empty());
    assert_eq!(lines(b"\n"), [""]);
    assert_eq!(lines("a\n\u{feff}b".as_bytes()), ["a", "\u{feff}b"]);
}

#[test]
fn a_line_is_yielded_before_the_next_byte_is_read() {
    struct Ends<'a>(&'a [u8]);
    impl Read for Ends<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!self.0.is_empty(), "read past the line ending");
            self.0.read(buffer)
        }
    }
    for text in ["one\n", "one\r", "one\r\n"] {
        let mut lines = LineReader::new("text", BufReader::new(Ends(text.as_bytes())));
        assert_eq!(lines.next().unwrap().unwrap(), "one");
    }
}

#[test]
fn invalid_utf_8_is_an_error_with_its_line_after_the_valid_lines() {
    let (found, message) = lines_of(&b"a\nb\n\xe4\nd\n"[..]);
    assert_eq!(found, ["a", "b"]);
    let message = message.unwrap();
    assert!(message.contains("text, line 3") && message.contains("UTF-8"), "{message}");
}

#[test]
fn utf_16_is_an_error_that_suggests_iconv() {
    let utf_16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let with_mark = error(&utf_16("\u{feff}the cat\r\n", bytes));
        assert!(matches!(with_mark, DataError::Utf16 { .. }), "{with_mark}");
        let without = error(&utf_16("the cat\r\n", bytes));
        assert!(matches!(without, DataError::NulByte { line: 1, .. }), "{without}");
        assert!(without.to_string().contains("UTF-16") && without.to_string().contains("iconv"));
    }
}

#[test]
fn files_with_cr_line_endings_have_the_same_rows() {
    assert_eq!(parse_pairs("p", b"a\tb\rc\td\r").unwrap().len(), 2);
    let json = b"{\"a\": 1}\r{\"a\": 2}\r";
    assert_eq!(parse_rows("j", json, Format::Jsonl, [&"a".into()]).unwrap().len(), 2);
    let tsv = Format::Tsv { header: false };
    assert_eq!(parse_rows("t", b"a\tb\rc\td\r", tsv, [&2.into()]).unwrap()[1].fields, ["d"]);
    let parse = |unit| parse_text("t", b"one\r\rtwo\r", unit).unwrap();
    assert_eq!(parse(TextUnit::Line).len(), 2);
    assert_eq!(parse(TextUnit::Paragraph).len(), 2);
    assert_eq!(parse(TextUnit::File), [Passage { line: 1, text: "one\n\ntwo\n".to_owned() }]);
}
