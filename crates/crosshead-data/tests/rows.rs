//! Reading columns of TSV and JSONL: accepted files, and errors with line numbers for all others.

use std::fs;

use crosshead_data::{Column, DataError, Format, Pair, Row, parse_rows, read_rows};
use proptest::collection::vec;
use proptest::prelude::*;

const TSV: Format = Format::Tsv { header: false };

fn parse<const N: usize>(
    text: &str,
    format: Format,
    columns: [Column; N],
) -> Result<Vec<Row<N>>, DataError> {
    parse_rows("corpus", text.as_bytes(), format, columns.each_ref())
}

fn error<const N: usize>(text: &str, format: Format, columns: [Column; N]) -> String {
    parse(text, format, columns).unwrap_err().to_string()
}

fn row<const N: usize>(line: usize, fields: [&str; N]) -> Row<N> {
    Row { line, fields: fields.map(str::to_owned) }
}

fn by_name() -> [Column; 2] {
    ["label".into(), "text".into()]
}

fn by_number() -> [Column; 2] {
    [1.into(), 3.into()]
}

fn field() -> impl Strategy<Value = String> {
    "[^\0\t\r\n\u{feff}]{1,12}".prop_filter("not blank", |field| !field.trim().is_empty())
}

proptest! {
    #[test]
    fn columns_by_name_by_number_and_in_jsonl_agree(table in vec((field(), field(), field()), 1..6)) {
        let lines: Vec<String> = table.iter().map(|(a, b, c)| format!("{a}\t{b}\t{c}")).collect();
        let plain = lines.join("\n");
        let named = format!("label\tsource\ttext\n{plain}\n");
        let json: Vec<String> = table
            .iter()
            .map(|(a, b, c)| serde_json::json!({"text": c, "source": b, "label": a}).to_string())
            .collect();
        let fields = |rows: Vec<Row<2>>| rows.into_iter().map(|row| row.fields).collect::<Vec<_>>();
        let expected: Vec<[String; 2]> = table.iter().map(|(a, _, c)| [a.clone(), c.clone()]).collect();
        prop_assert_eq!(&fields(parse(&plain, TSV, by_number()).unwrap()), &expected);
        prop_assert_eq!(&fields(parse(&named, TSV, by_name()).unwrap()), &expected);
        let header = Format::Tsv { header: true };
        prop_assert_eq!(&fields(parse(&named, header, by_number()).unwrap()), &expected);
        prop_assert_eq!(&fields(parse(&json.join("\n"), Format::Jsonl, by_name()).unwrap()), &expected);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(text in any::<Vec<u8>>(), header in any::<bool>()) {
        for format in [Format::Tsv { header }, Format::Jsonl] {
            let _ = parse_rows("corpus", &text, format, by_name().each_ref());
            let _ = parse_rows("corpus", &text, format, by_number().each_ref());
        }
    }
}

#[test]
fn rows_have_their_line_number() {
    let rows = parse("label\ttext\r\n1\tgood\r\n0\tbad\r\n", TSV, by_name()).unwrap();
    assert_eq!(rows, [row(2, ["1", "good"]), row(3, ["0", "bad"])]);
    let pairs: Vec<Pair> = rows.into_iter().map(Pair::from).collect();
    assert_eq!(pairs[1], Pair { source: "0".into(), target: "bad".into() });
}

#[test]
fn a_file_is_parsed_like_text_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("corpus.jsonl");
    fs::write(&path, "{\"text\": \"a\", \"label\": 1}\n").unwrap();
    let format = Format::of_name(&path.display().to_string(), false);
    assert_eq!(format, Format::Jsonl);
    assert_eq!(read_rows(&path, format, by_name().each_ref()).unwrap(), [row(1, ["1", "a"])]);
    let missing = read_rows(&dir.path().join("none"), TSV, by_name().each_ref()).unwrap_err();
    assert!(matches!(missing, DataError::Read { .. }));
}

#[test]
fn the_file_extension_determines_the_format() {
    for (name, format) in [
        ("a.tsv", Format::Tsv { header: true }),
        ("embedded:sentiment/train.tsv", Format::Tsv { header: true }),
        ("a", Format::Tsv { header: true }),
        ("a.b.jsonl", Format::Jsonl),
        ("a.ndjson", Format::Jsonl),
    ] {
        assert_eq!(Format::of_name(name, true), format, "{name}");
    }
}

#[test]
fn json_numbers_and_booleans_are_labels() {
    let text = "{\"label\": 1, \"text\": \"a\"}\n{\"label\": true, \"text\": \"b\"}\n";
    let rows = parse(text, Format::Jsonl, by_name()).unwrap();
    assert_eq!(rows, [row(1, ["1", "a"]), row(2, ["true", "b"])]);
}

#[test]
fn an_unknown_column_is_an_error_that_lists_the_columns() {
    let message = error("label\tbody\n1\tx\n", TSV, by_name());
    assert!(message.starts_with("corpus, line 1: no column `text`"), "{message}");
    assert!(message.contains("`label`, `body`"), "{message}");
    let message = error("1\tx\n", TSV, by_number());
    assert!(
        message.contains("no column 3") && message.contains("the columns are 1 to 2"),
        "{message}"
    );
    assert!(error("a\tb\n", TSV, [0.into()]).contains("no column 0"));
    let message = error(
        "{\"label\": 1, \"text\": \"a\"}\n{\"label\": 1, \"body\": \"b\"}",
        Format::Jsonl,
        by_name(),
    );
    assert!(
        message.starts_with("corpus, line 2: no column `text`; the columns are `label`, `body`")
    );
}

#[test]
fn an_uneven_number_of_columns_is_an_error() {
    let found = parse("a\tb\tc\nd\te\n", TSV, by_number()).unwrap_err();
    assert!(
        matches!(found, DataError::UnevenColumns { line: 2, columns: 2, expected: 3, .. }),
        "{found}"
    );
}

#[test]
fn blank_lines_and_empty_fields_are_errors_with_their_line() {
    assert!(matches!(
        parse("a\tb\tc\n\n", TSV, by_number()),
        Err(DataError::BlankLine { line: 2, .. })
    ));
    let found = parse("label\ttext\n1\t \n", TSV, by_name()).unwrap_err();
    assert!(found.to_string().starts_with("corpus, line 2: the column `text` is empty"), "{found}");
    assert!(matches!(
        parse("{\"label\": 1, \"text\": \"\"}\n", Format::Jsonl, by_name()),
        Err(DataError::EmptyField { line: 1, .. })
    ));
    assert!(matches!(
        parse("{\"label\": 1, \"text\": \"x\"}\n\n", Format::Jsonl, by_name()),
        Err(DataError::BlankLine { line: 2, .. })
    ));
    // A column that is not requested may be empty.
    assert_eq!(parse("a\t\tc\n", TSV, by_number()).unwrap(), [row(1, ["a", "c"])]);
}

#[test]
fn a_file_without_rows_is_an_error() {
    for text in ["", "\u{feff}", "label\ttext\n"] {
        assert!(
            matches!(parse(text, TSV, by_name()), Err(DataError::EmptyFile { .. })),
            "{text:?}"
        );
    }
    assert!(matches!(parse("", Format::Jsonl, by_name()), Err(DataError::EmptyFile { .. })));
}

#[test]
fn json_other_than_an_object_of_scalars_is_an_error_with_its_line() {
    for text in ["[1, 2]", "{\"label\": 1", "plain text", "{} {}"] {
        let message =
            error(&format!("{{\"label\":1,\"text\":\"a\"}}\n{text}\n"), Format::Jsonl, by_name());
        assert!(message.starts_with("corpus, line 2: not a JSON object"), "{message}");
    }
    for (value, kind) in [("null", "null"), ("[]", "an array"), ("{}", "an object")] {
        let message =
            error(&format!("{{\"label\": {value}, \"text\": \"a\"}}"), Format::Jsonl, by_name());
        assert!(message.contains(&format!("`label` is {kind}")), "{message}");
    }
}
