//! Random documents keep the number and the order of their parts.

use std::convert::Infallible;

use crosshead_documents::{Document, Fields, Format, Split, Translation, sentences};
use proptest::prelude::*;

use super::support::{identity, reversed, texts, translate, translate_text, upper};

/// Words and marks of several scripts, and everything that is markup somewhere.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zäö]{1,8}[.,!?]?",
        1 => "[A-Z][a-z]{0,5}",
        1 => "[一-三。]{1,4}",
        1 => "[*_~`#>|\\[\\]()<&;:\\\\!-]{1,3}",
        1 => prop_oneof![
            Just("{name}"), Just("%s"), Just("https://a.example/b"), Just("`x y`"), Just("&amp;"),
            Just("1."), Just("**b**"), Just("[l](u)"), Just("<br>"), Just("<b>k</b>"),
        ].prop_map(str::to_owned),
    ]
}

fn line() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 0..12).prop_map(|words| words.join(" "))
}

fn document() -> impl Strategy<Value = String> {
    let newline = prop_oneof![
        Just("\n"),
        Just("\n\n"),
        Just("\r\n"),
        Just("\n> "),
        Just("\n- "),
        Just("\n    ")
    ];
    proptest::collection::vec((line(), newline), 0..8)
        .prop_map(|lines| lines.into_iter().map(|(line, newline)| line + newline).collect())
}

/// HTML with nested inline tags that are all closed.
fn inline() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "[a-z]{1,6}( [a-z]{1,6}){0,3}",
        1 => Just("{x}".to_owned()),
        1 => Just("<img>".to_owned()),
        1 => Just("End. Start".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop_oneof![Just("b"), Just("i"), Just("a"), Just("u")];
        let list = proptest::collection::vec(inner, 1..4).prop_map(|parts| parts.join(" "));
        (name, list).prop_map(|(name, inner)| format!("<{name}>{inner}</{name}>"))
    })
}

fn page() -> impl Strategy<Value = String> {
    let paragraph = proptest::collection::vec(inline(), 1..4).prop_map(|parts| parts.join(" "));
    proptest::collection::vec(paragraph, 1..5)
        .prop_map(|parts| parts.into_iter().map(|part| format!("<p>{part}.</p>\n")).collect())
}

fn tags(page: &str) -> Vec<&str> {
    let ends = |start: usize| page[start..].find('>').map_or(page.len(), |end| start + end + 1);
    page.match_indices('<').map(|(start, _)| &page[start..ends(start)]).collect()
}

/// Whether all tags are closed in the right order.
fn is_nested(page: &str) -> bool {
    let mut open = Vec::new();
    for tag in tags(page).into_iter().filter(|tag| *tag != "<img>") {
        match tag.strip_prefix("</") {
            Some(name) if open.pop() != Some(name) => return false,
            Some(_) => {}
            None => open.push(&tag[1..]),
        }
    }
    open.is_empty()
}

/// A translator that loses and adds words.
fn rewrite(sentences: &[String]) -> Result<Vec<Translation>, Infallible> {
    let rewrite = |text: &String| match text.len() % 4 {
        0 => String::new(),
        1 => "völlig andere Worte (hier), mehr als zuvor".to_owned(),
        2 => text.chars().rev().filter(|c| c.is_alphabetic() || *c == ' ').collect(),
        _ => "你要去哪里？".to_owned(),
    };
    Ok(sentences.iter().map(|text| Translation::new(rewrite(text))).collect())
}

/// Text that would be markup if it were not escaped.
const HOSTILE: &str = "qq1 *x* _y_ [z](u) `c` <d> &amp; ~~e~~ ![f] # g";

fn hostile(sentences: &[String]) -> Result<Vec<Translation>, Infallible> {
    let hostile = |text: &String| Translation::new(format!("{text} {HOSTILE}"));
    Ok(sentences.iter().map(hostile).collect())
}

fn text_formats() -> [Format; 4] {
    [Format::Text, Format::Markdown, Format::Html, Format::Tsv(vec![1])]
}

proptest! {
    #[test]
    fn sentences_and_separators_are_the_text(text in document(), most in 1usize..40, language in "(en|de|zh|ja|hi|xx)") {
        for split in [Split::Sentences, Split::Lines, Split::None] {
            let found = sentences(&text, split, &language, |piece| piece.chars().count() <= most);
            let joined: String = found.iter().flat_map(|piece| [piece.text, piece.separator]).collect();
            prop_assert_eq!(&joined, &text);
            for piece in &found {
                prop_assert!(piece.text.chars().count() <= most);
                prop_assert_eq!(piece.text.trim(), piece.text);
                prop_assert!(piece.separator.chars().all(char::is_whitespace));
            }
        }
    }

    #[test]
    fn any_text_comes_back(text in document(), noise in any::<String>()) {
        for text in [text.clone() + &noise, text, noise] {
            for format in text_formats() {
                let found = translate(text.clone().into(), &format, Split::Sentences, identity).unwrap();
                prop_assert_eq!(String::from_utf8(found).unwrap(), text.clone());
            }
        }
    }

    #[test]
    fn lines_and_cells_keep_their_number(text in document()) {
        for format in [Format::Text, Format::Tsv(vec![1])] {
            for found in [translate_text(&text, &format, upper), translate_text(&text, &format, rewrite)] {
                prop_assert_eq!(found.matches('\n').count(), text.matches('\n').count());
                prop_assert_eq!(found.matches('\t').count(), text.matches('\t').count());
            }
        }
    }

    #[test]
    fn tags_and_placeholders_of_a_page_keep_their_number_and_nesting(page in page()) {
        let expected = tags(&page);
        prop_assert!(is_nested(&page));
        let kept = [translate_text(&page, &Format::Html, upper), translate_text(&page, &Format::Html, rewrite)];
        for found in &kept {
            // Without alignment, the order stays as well.
            prop_assert_eq!(&tags(found), &expected);
            prop_assert_eq!(found.matches("{x}").count(), page.matches("{x}").count());
        }
        let moved = translate_text(&page, &Format::Html, reversed);
        let (mut found, mut expected) = (tags(&moved), expected);
        prop_assert!(is_nested(&moved), "{}", moved);
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(moved.matches("{x}").count(), page.matches("{x}").count());
        prop_assert_eq!(moved.matches("<p>").count(), page.matches("<p>").count());
    }

    #[test]
    fn upper_case_reads_again_as_upper_case(text in document()) {
        for format in [Format::Text, Format::Html, Format::Markdown] {
            let found = texts(&translate_text(&text, &format, upper), &format);
            let expected = texts(&text, &format);
            let letters = |texts: &[String]| -> String {
                let text = texts.concat().to_uppercase();
                text.chars().filter(|c| c.is_alphanumeric()).collect()
            };
            prop_assert_eq!(letters(&found), letters(&expected), "{:?}", format);
        }
    }

    #[test]
    fn text_that_looks_like_markup_stays_text(text in document()) {
        for format in [Format::Html, Format::Markdown] {
            let found = texts(&translate_text(&text, &format, hostile), &format);
            let mut expected = Vec::new();
            let mut record = |sentences: &[String]| {
                let translated = hostile(sentences)?;
                expected.extend(sentences.iter().map(String::len));
                Ok::<_, Infallible>(translated)
            };
            translate_text(&text, &format, &mut record);
            let count = |texts: &[String]| texts.concat().matches("qq1").count();
            prop_assert_eq!(count(&found), expected.len(), "{:?}: {:?}", format, found);
            prop_assert!(found.iter().all(|text| !text.contains("qq1") || text.contains(HOSTILE)));
        }
    }

    #[test]
    fn json_strings_of_any_text_come_back(text in any::<String>()) {
        let file = serde_json::json!([{ "text": text.clone(), "other": text }]).to_string();
        let format = Format::Json(Fields::new(["text"]));
        prop_assert_eq!(translate_text(&file, &format, identity), file.clone());
        let changed = translate_text(&file, &format, rewrite);
        let parsed: serde_json::Value = serde_json::from_str(&changed).unwrap();
        prop_assert_eq!(parsed[0]["other"].as_str(), Some(text.as_str()));
    }

    #[test]
    fn no_letter_is_lost_when_sentences_are_cut(text in document(), most in 1usize..30) {
        struct Short(usize, Vec<String>);
        impl crosshead_documents::Translate for Short {
            type Error = Infallible;
            fn translate(&mut self, sentences: &[String]) -> Result<Vec<Translation>, Infallible> {
                self.1.extend(sentences.to_vec());
                identity(sentences)
            }
            fn fits(&self, sentence: &str) -> bool {
                sentence.len() <= self.0
            }
        }
        let document = Document::parse(text.into(), &Format::Text).unwrap();
        let mut short = Short(most, Vec::new());
        let options = crosshead_documents::TranslateOptions::new("en");
        document.translate(&options, &mut short, &mut |_, _| {}).unwrap();
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let seen: usize = short.1.iter().map(|text| letters(text)).sum();
        let protected = document.segments().flat_map(|segment| segment.protected());
        let protected: usize = protected.map(letters).sum();
        let all: usize = document.segments().map(|segment| letters(segment.text())).sum();
        prop_assert!(seen <= all && seen + protected >= all);
    }
}
