//! Reading plain text.

use crosshead_data::{DataError, Passage, TextUnit, parse_text};
use proptest::prelude::*;

const TEXT: &str = "\nCHAPTER 1.\nCall me Ishmael.\r\n  \n\nSome years ago\nlast";

fn parse(text: &str, unit: TextUnit) -> Vec<(usize, String)> {
    let passages = parse_text("book.txt", text.as_bytes(), unit).unwrap();
    passages.into_iter().map(|Passage { line, text }| (line, text)).collect()
}

fn passages(expected: &[(usize, &str)]) -> Vec<(usize, String)> {
    expected.iter().map(|&(line, text)| (line, text.to_owned())).collect()
}

#[test]
fn lines_are_the_non_blank_lines() {
    let lines = [(2, "CHAPTER 1."), (3, "Call me Ishmael."), (6, "Some years ago"), (7, "last")];
    assert_eq!(parse(TEXT, TextUnit::Line), passages(&lines));
}

#[test]
fn paragraphs_end_at_blank_lines() {
    let paragraphs = [(2, "CHAPTER 1.\nCall me Ishmael."), (6, "Some years ago\nlast")];
    assert_eq!(parse(TEXT, TextUnit::Paragraph), passages(&paragraphs));
}

#[test]
fn a_file_is_one_passage_with_lf_line_endings() {
    let expected = TEXT.replace("\r\n", "\n");
    assert_eq!(parse(TEXT, TextUnit::File), passages(&[(1, &expected)]));
}

proptest! {
    #[test]
    fn a_file_with_lf_line_endings_is_unchanged(text in "[a-z \n]{0,40}x[a-z \n]{0,40}") {
        prop_assert_eq!(parse(&text, TextUnit::File), passages(&[(1, &text)]));
    }
}

#[test]
fn a_file_of_only_white_space_is_an_error() {
    for text in ["", "\u{feff}", "\n", " \n\t\n"] {
        for unit in [TextUnit::File, TextUnit::Line, TextUnit::Paragraph] {
            let found = parse_text("book.txt", text.as_bytes(), unit);
            assert!(matches!(found, Err(DataError::EmptyFile { .. })), "{text:?}, {unit:?}");
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_an_error_with_its_line() {
    let found = parse_text("book.txt", b"a\nb\xff\n", TextUnit::File);
    assert!(matches!(found, Err(DataError::InvalidUtf8 { line: 2, .. })));
}
