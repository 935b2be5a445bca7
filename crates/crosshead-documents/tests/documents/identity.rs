//! The identity translation gives every file back, byte for byte.

use crosshead_documents::{Document, Format, Split, TranslateOptions, Translation};

use super::support::{DOCX, docx, identity, samples, translate, translate_text};

const SPLITS: [Split; 3] = [Split::Sentences, Split::Lines, Split::None];

#[test]
fn every_text_format_comes_back() {
    for (format, text) in samples() {
        for split in SPLITS {
            let found = translate(text.into(), &format, split, identity).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), text, "{format:?}");
        }
    }
}

/// The identity goes through the placing of markup as well if another sentence of the segment changes.
#[test]
fn a_changed_sentence_leaves_the_others() {
    let text =
        "<p>It <b>is</b> <i>so\n</i> late. Change <u>me</u>. It &copy; (<b>is</b>) {x}<br>.</p>";
    let change = |sentences: &[String]| {
        let change = |text: &String| Translation::new(text.replace("Change me", "Verändere mich"));
        Ok(sentences.iter().map(change).collect())
    };
    let expected =
        "<p>It <b>is</b> <i>so\n</i> late. Verändere <u>mich</u>. It © (<b>is</b>) {x}<br>.</p>";
    assert_eq!(translate_text(text, &Format::Html, change), expected);
}

#[test]
fn docx_comes_back_with_all_parts() {
    let bytes = docx(DOCX);
    for split in SPLITS {
        assert_eq!(translate(bytes.clone(), &Format::Docx, split, identity).unwrap(), bytes);
    }
}

#[test]
fn a_segment_is_the_join_of_its_sentences() {
    for (format, text) in samples() {
        let document = Document::parse(text.into(), &format).unwrap();
        let mut seen = Vec::new();
        let mut record = |sentences: &[String]| {
            seen.extend(sentences.to_vec());
            identity(sentences)
        };
        let options = TranslateOptions::new("en");
        document.translate(&options, &mut record, &mut |_, _| {}).unwrap();
        let mut rest = seen.into_iter().peekable();
        for segment in document.segments() {
            let mut text = segment.text();
            while let Some(sentence) = rest.next_if(|sentence| text.contains(sentence.as_str())) {
                text = text.split_once(sentence.as_str()).unwrap().1;
            }
            let left: String = text.split(' ').filter(|word| !word.contains(['{', '%'])).collect();
            assert!(!left.chars().any(char::is_alphabetic), "{format:?}: {left}");
        }
        assert_eq!(rest.next(), None, "{format:?}");
    }
}
