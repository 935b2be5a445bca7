//! Reading pairs: accepted files, and errors with line numbers for all others.

use std::fs;
use std::path::Path;

use crosshead_data::{DataError, Pair, parse_pairs, read_pairs};
use proptest::prelude::*;

fn parse(text: &[u8]) -> Result<Vec<Pair>, DataError> {
    parse_pairs("corpus.tsv", text)
}

fn error_of(text: &[u8]) -> String {
    parse(text).unwrap_err().to_string()
}

fn pair(source: &str, target: &str) -> Pair {
    Pair { source: source.to_owned(), target: target.to_owned() }
}

fn field() -> impl Strategy<Value = String> {
    "[^\0\t\r\n\u{feff}]{1,12}".prop_filter("not blank", |field| !field.trim().is_empty())
}

proptest! {
    #[test]
    fn pairs_round_trip(
        pairs in prop::collection::vec((field(), field()), 1..6),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        byte_order_mark in any::<bool>(),
        final_newline in any::<bool>(),
    ) {
        let lines: Vec<String> = pairs.iter().map(|(source, target)| format!("{source}\t{target}")).collect();
        let mark = if byte_order_mark { "\u{feff}" } else { "" };
        let text = format!("{mark}{}{}", lines.join(end), if final_newline { end } else { "" });
        let expected: Vec<Pair> = pairs.iter().map(|(source, target)| pair(source, target)).collect();
        prop_assert_eq!(parse(text.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(text in any::<Vec<u8>>()) {
        let _ = parse(&text);
    }
}

#[test]
fn a_file_is_parsed_like_text_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("corpus.tsv");
    fs::write(&path, "the cat\tdie Katze\n").unwrap();
    assert_eq!(read_pairs(&path).unwrap(), [pair("the cat", "die Katze")]);
}

#[test]
fn a_missing_file_and_a_directory_are_different_errors() {
    let dir = tempfile::tempdir().unwrap();
    let error = read_pairs(dir.path()).unwrap_err();
    assert!(matches!(error, DataError::IsDirectory { .. }), "{error}");
    let error = read_pairs(Path::new("no/such.tsv")).unwrap_err();
    assert!(matches!(error, DataError::Read { .. }));
    assert!(error.to_string().contains("no/such.tsv"), "{error}");
}

#[test]
fn an_empty_file_is_an_error() {
    for text in ["", "\u{feff}"] {
        assert!(matches!(parse(text.as_bytes()), Err(DataError::EmptyFile { .. })));
    }
}

#[test]
fn a_wrong_number_of_columns_is_an_error_with_its_line() {
    assert!(matches!(parse(b"a\tb\nc\n"), Err(DataError::Columns { line: 2, columns: 1, .. })));
    assert!(matches!(
        parse(b"a\tb\nc\td\ne\tf\tg"),
        Err(DataError::Columns { line: 3, columns: 3, .. })
    ));
    assert!(error_of(b"a\n").starts_with("corpus.tsv, line 1:"));
}

#[test]
fn an_empty_field_is_an_error_with_its_line() {
    assert!(matches!(
        parse(b"a\tb\n\td\n"),
        Err(DataError::EmptyField { line: 2, ref field, .. }) if field == "source"
    ));
    assert!(matches!(
        parse(b"a\tb\r\nc\t \r\n"),
        Err(DataError::EmptyField { line: 2, ref field, .. }) if field == "target"
    ));
    assert!(matches!(
        parse(b"\t\n"),
        Err(DataError::EmptyField { line: 1, ref field, .. }) if field == "source"
    ));
}

#[test]
fn a_blank_line_is_an_error_with_its_line() {
    for (text, blank) in
        [("a\tb\n\nc\td\n", 2), ("a\tb\n\n", 2), ("\r\n", 1), ("a\tb\nc\td\n  \n", 3)]
    {
        let error = parse(text.as_bytes()).unwrap_err();
        assert!(
            matches!(error, DataError::BlankLine { line, .. } if line == blank),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn text_that_is_not_utf8_is_an_error_with_its_line() {
    assert!(matches!(
        parse(b"a\tb\ngr\xf6\xdfe\tsize\n"),
        Err(DataError::InvalidUtf8 { line: 2, .. })
    ));
}
