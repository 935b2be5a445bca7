//! Files that metrics compare line by line.

use crosshead_data::{DataError, parse_segments};
use proptest::prelude::*;

#[test]
fn only_lf_ends_a_line_and_blank_lines_count() {
    let found = parse_segments("f", "\u{feff}a\u{2028}b\u{85}c\rd\r\n\n \n\ne".as_bytes()).unwrap();
    assert_eq!(found, ["a\u{2028}b\u{85}c\rd\r", "", " ", "", "e"]);
    assert_eq!(parse_segments("f", b"\n").unwrap(), [""]);
}

#[test]
fn faulty_files_are_named() {
    let error = |text: &[u8]| parse_segments("f.txt", text).unwrap_err();
    assert!(matches!(error(b""), DataError::EmptyFile { .. }));
    assert!(matches!(error(b"\xef\xbb\xbf"), DataError::EmptyFile { .. }));
    assert!(matches!(error(b"a\nb\xff"), DataError::InvalidUtf8 { line: 2, .. }));
    assert!(matches!(error(b"a\nb\0"), DataError::NulByte { line: 2, .. }));
    assert!(matches!(error(b"\xff\xfea\0"), DataError::Utf16 { .. }));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n";
    assert!(matches!(error(pointer), DataError::LfsPointer { .. }));
}

proptest! {
    #[test]
    fn segments_are_the_lines_that_were_joined(lines in prop::collection::vec("[^\n\0]{0,6}", 1..8)) {
        prop_assume!(!lines[0].starts_with(['\u{feff}', 'v']));
        let text = lines.join("\n") + "\n";
        prop_assert_eq!(parse_segments("f", text.as_bytes()).unwrap(), lines);
    }
}
