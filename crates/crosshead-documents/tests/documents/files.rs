//! What is translated in each format, and how it is written.

use std::io::{Cursor, Read};

use crosshead_documents::{Format, Split, Translation};
use zip::ZipArchive;

use super::support::{DOCX, docx, json_fields, samples, texts, translate, translate_text, upper};

fn upper_in(text: &str, format: Format) -> String {
    translate_text(text, &format, upper)
}

#[test]
fn text_keeps_its_lines_and_spaces() {
    let text = "One day.  Two days.\r\n\r\n\tthree {days} %d\n";
    assert_eq!(upper_in(text, Format::Text), "ONE DAY.  TWO DAYS.\r\n\r\n\tTHREE {days} %d\n");
}

#[test]
fn html_keeps_everything_but_text() {
    let text = "<title>A b</title><script>var a;</script><p class='x'>a &amp; <b>b</b>&nbsp;c <!-- d -->\n <code>e</code><td>f<input value='g'>";
    let expected = "<title>A B</title><script>var a;</script><p class='x'>A &amp; <b>B</b>&#160;C <!-- d -->\n <code>e</code><td>F<input value='g'>";
    let copied = |sentences: &[String]| {
        let word = |word: &str| if word == "e" { "e".into() } else { word.to_uppercase() };
        let upper = |text: &String| text.split(' ').map(word).collect::<Vec<_>>().join(" ");
        Ok(sentences.iter().map(|text| Translation::new(upper(text))).collect())
    };
    assert_eq!(translate_text(text, &Format::Html, copied), expected);
}

#[test]
fn html_in_another_encoding_is_refused() {
    let page = "<html>\n<meta charset=iso-8859-1><p>x</p>";
    let error = translate(page.into(), &Format::Html, Split::Sentences, upper).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: the page says that it is in iso-8859-1: convert it to UTF-8"
    );
}

#[test]
fn markdown_is_escaped_where_text_would_become_markup() {
    let text = "# a *b*\n\n> c\n> d `e`\n\n- f [g](h)\n";
    let double = |sentences: &[String]| {
        Ok(sentences
            .iter()
            .map(|text| Translation::new(text.replace(['a', 'c', 'f'], "1. # *x*")))
            .collect())
    };
    let found = translate_text(text, &Format::Markdown, double);
    let expected =
        "# 1\\. # \\*x\\* *b*\n\n> 1\\.\n> \\# \\*x\\* d `e`\n\n- 1\\. # \\*x\\* [g](h)\n";
    assert_eq!(found, expected);
    assert_eq!(texts(&found, &Format::Markdown), ["1. # *x* b", "1. # *x* d e", "1. # *x* g"]);
}

#[test]
fn subtitles_keep_timings_tags_and_the_number_of_lines() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>where are\nyou?</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n- a\n- b\n";
    let expected = text.replace("where are\nyou", "WHERE ARE\nYOU").replace("- a\n- b", "- A\n- B");
    assert_eq!(upper_in(text, Format::Srt), expected);
    let text = "WEBVTT\n\nNOTE a\n\n00:01.000 --> 00:02.000\n<v Ann>a &lt; b</v>\n";
    assert_eq!(upper_in(text, Format::Vtt), text.replace("a &lt; b", "A &lt; B"));
}

#[test]
fn a_subtitle_without_spaces_keeps_its_lines() {
    let text = "1\n00:00:01,000 --> 00:00:02,000\nwhere are\nyou?\n";
    let chinese = |sentences: &[String]| {
        Ok(sentences.iter().map(|_| Translation::new("你要去哪里？")).collect())
    };
    let found = translate_text(text, &Format::Srt, chinese);
    assert_eq!(found.lines().count(), 4);
    assert_eq!(found.lines().skip(2).collect::<String>(), "你要去哪里？");
}

#[test]
fn po_fills_empty_translations_and_leaves_the_others() {
    let text = concat!(
        "msgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\n",
        "#, c-format\nmsgid \"open %s\"\nmsgstr \"\"\n\n",
        "msgid \"done\"\nmsgstr \"fertig\"\n\n",
        "msgid \"a \\\"b\\\"\\n\"\n\"c\"\nmsgstr \"\"\n\"\"\n\n",
        "msgid \"%d file\"\nmsgid_plural \"%d files\"\nmsgstr[0] \"\"\nmsgstr[1] \"\"\n",
    );
    let expected = concat!(
        "msgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\n",
        "#, c-format\nmsgid \"open %s\"\nmsgstr \"OPEN %s\"\n\n",
        "msgid \"done\"\nmsgstr \"fertig\"\n\n",
        "msgid \"a \\\"b\\\"\\n\"\n\"c\"\nmsgstr \"\"\n\"A \\\"B\\\"\\n\"\n\"C\"\n\n",
        "msgid \"%d file\"\nmsgid_plural \"%d files\"\nmsgstr[0] \"%d FILE\"\nmsgstr[1] \"%d FILES\"\n",
    );
    assert_eq!(upper_in(text, Format::Po), expected);
}

#[test]
fn json_translates_the_named_fields_only() {
    let text = r#"{"title": "a \"b\"\u00fc", "x": "c", "items": [{"text": ["d", {"text": "e"}]}]}"#;
    let expected = r#"{"title": "A \"B\"Ü", "x": "c", "items": [{"text": ["D", {"text": "e"}]}]}"#;
    assert_eq!(upper_in(text, Format::Json(json_fields())), expected);
}

#[test]
fn tsv_translates_the_given_columns_and_keeps_the_number_of_cells() {
    let tabs =
        |sentences: &[String]| Ok(sentences.iter().map(|_| Translation::new("x\ty\nz")).collect());
    assert_eq!(translate_text("a\tb\tc\n", &Format::Tsv(vec![2]), tabs), "a\tx y z\tc\n");
}

#[test]
fn docx_changes_only_its_text() {
    let found = translate(docx(DOCX), &Format::Docx, Split::Sentences, upper).unwrap();
    let mut archive = ZipArchive::new(Cursor::new(found)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let expected =
        ["[Content_Types].xml", "word/media/image1.png", "word/document.xml", "word/styles.xml"];
    assert_eq!(names, expected);
    let mut content = |name| {
        let mut bytes = Vec::new();
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(content("word/media/image1.png"), [137, 80, 78, 71, 0, 255]);
    let expected = DOCX
        .replace("The report", "THE REPORT")
        .replace("It is ", "IT IS ")
        .replace(">very<", ">VERY<")
        .replace(" late &amp; dark. Go home.", " LATE &amp; DARK. GO HOME.")
        .replace(">Left<", ">LEFT<")
        .replace(">Right<", ">RIGHT<")
        .replace("<w:t>", "<w:t xml:space=\"preserve\">");
    assert_eq!(String::from_utf8(content("word/document.xml")).unwrap(), expected);
}

/// A translated file has the same segments, translated: escaping and reading are inverse.
#[test]
fn what_is_written_is_read_again() {
    for (format, text) in samples().into_iter().filter(|(format, _)| *format != Format::Po) {
        let found = translate_text(text, &format, upper);
        let expected = texts(text, &format);
        let found = texts(&found, &format);
        assert_eq!(found.len(), expected.len(), "{format:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.to_uppercase(), expected.to_uppercase(), "{format:?}");
        }
    }
}
