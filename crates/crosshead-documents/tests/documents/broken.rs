//! Broken files give errors, never a panic.

use crosshead_documents::{Document, Fields, Format, Glossary, Split, TranslateOptions};
use proptest::prelude::*;

use super::support::{DOCX, docx, identity, json_fields, samples, translate, upper};

fn error(bytes: &[u8], format: &Format) -> String {
    Document::parse(bytes.to_vec(), format).unwrap_err().to_string()
}

#[test]
fn wrong_encodings_are_named_with_their_line() {
    for (format, _) in samples() {
        assert_eq!(error(b"a\nb\xff", &format), "line 2: not valid UTF-8, save it as UTF-8");
        assert!(error(b"\xff\xfea\0", &format).starts_with("this is UTF-16"));
    }
}

#[test]
fn wrong_lines_are_named() {
    let json = Format::Json(Fields::new(["a"]));
    assert!(error(b"{\n\"a\": }", &json).starts_with("line 2: expected value"));
    let lines = Format::JsonLines(Fields::new(["a"]));
    assert!(error(b"{\"a\": \"b\"}\n\n{", &lines).starts_with("line 3: EOF"));
    let absent = error(b"{\"b\": \"c\"}", &json);
    assert_eq!(absent, "no text at field `a`; name fields as in `title` or `items.title`");
    assert!(error(b"{}", &Format::Json(Fields::default())).starts_with("name the fields"));
    assert!(error(b"a\tb\nc\n", &Format::Tsv(vec![2])).starts_with("line 2: 1 columns"));
    assert!(error(b"a", &Format::Tsv(Vec::new())).starts_with("give the columns"));
    assert!(
        error(b"msgid \"a\"\nmsgstr \"b\nmsgid \"c\"", &Format::Po)
            .starts_with("line 2: the closing")
    );
    assert!(error(b"msgid \"a\"\nfoo \"b\"", &Format::Po).starts_with("line 2: expected msgctxt"));
    assert!(error(b"msgid \"\\q\"\n", &Format::Po).starts_with("line 1: an unknown escape"));
    assert!(error(b"hello\nyou", &Format::Srt).starts_with("line 1: a timing line"));
    assert!(error(b"1\n", &Format::Vtt).starts_with("line 1: a WebVTT file begins"));
    assert!(error(b"PK", &Format::Docx).starts_with("not a valid DOCX"));
    let broken = error(&docx("<w:document>\n<w:p></w:r>"), &Format::Docx);
    assert!(broken.starts_with("word/document.xml, line 2:"), "{broken}");
}

#[test]
fn deeply_nested_files_are_read_or_refused() {
    let depth = 100_000;
    for (format, open, close) in [
        (Format::Html, "<b>", "</b>"),
        (Format::Html, "<div>", ""),
        (Format::Markdown, "> ", ""),
        (Format::Markdown, "[", "](x)"),
        (Format::Markdown, "*", "a*"),
        (Format::Text, "<b>", "</i>"),
        (Format::Text, "{", "}"),
        (Format::Json(json_fields()), "[", "]"),
    ] {
        let text = format!("{}word{}", open.repeat(depth), close.repeat(depth));
        let _ = translate(text.into(), &format, Split::Sentences, upper);
    }
}

proptest! {
    #[test]
    fn mutated_files_never_panic(
        sample in 0usize..10,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..12),
    ) {
        let (format, bytes) = match samples().into_iter().nth(sample) {
            Some((format, text)) => (format, text.as_bytes().to_vec()),
            None => (Format::Docx, docx(DOCX)),
        };
        let mut bytes = bytes;
        for (index, byte, kind) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte & 0x7f),
                2 => bytes.truncate(at),
                _ => { bytes.remove(at); }
            }
        }
        match translate(bytes.clone(), &format, Split::Sentences, identity) {
            Ok(same) if format != Format::Po => prop_assert_eq!(&same, &bytes),
            Ok(_) | Err(_) => {}
        }
        if let Ok(document) = Document::parse(bytes, &format) {
            let options = TranslateOptions::new("de").with_split(Split::None);
            let translated = document.translate(&options, &mut upper, &mut |_, _| {}).unwrap();
            let _ = document.write(&translated);
        }
    }

    #[test]
    fn any_glossary_is_read_or_refused(text in "[a-c\t\n #]{0,40}", other in any::<String>()) {
        for text in [text, other.clone()] {
            if let Ok(glossary) = Glossary::parse(&text) {
                for found in glossary.find(&other) {
                    prop_assert!(other.get(found.range).is_some());
                }
            }
        }
    }
}
