//! Translators that are easy to predict, and samples of each format.

use std::convert::Infallible;
use std::io::{Cursor, Write};

use crosshead_documents::{
    Document, DocumentError, Fields, Format, Link, Split, Translate, TranslateOptions, Translation,
};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(crate) fn json_fields() -> Fields {
    Fields::new(["title", "items.text"])
}

/// Each text format with a sample that has its pitfalls.
pub(crate) fn samples() -> Vec<(Format, &'static str)> {
    vec![
        (Format::Text, include_str!("samples/sample.txt")),
        (Format::Markdown, include_str!("samples/sample.md")),
        (Format::Html, include_str!("samples/sample.html")),
        (Format::Srt, include_str!("samples/sample.srt")),
        (Format::Vtt, include_str!("samples/sample.vtt")),
        (Format::Json(json_fields()), include_str!("samples/sample.json")),
        (Format::JsonLines(json_fields()), include_str!("samples/sample.jsonl")),
        (Format::Tsv(vec![2]), include_str!("samples/sample.tsv")),
        (Format::Po, include_str!("samples/sample.po")),
    ]
}

/// The body of a DOCX file.
pub(crate) const DOCX: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n",
    "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>",
    "<w:p><w:pPr><w:pStyle w:val=\"Title\"/></w:pPr><w:r><w:t>The report</w:t></w:r></w:p>",
    "<w:p><w:r><w:t xml:space=\"preserve\">It is </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>very</w:t></w:r>",
    "<w:proofErr w:type=\"spellStart\"/><w:r><w:t xml:space=\"preserve\"> late &amp; dark. Go home.</w:t></w:r></w:p>",
    "<w:p/><w:p><w:r><w:t>Left</w:t><w:tab/><w:t>Right</w:t></w:r></w:p>",
    "</w:body></w:document>",
);

/// A DOCX file with this body, and a picture.
pub(crate) fn docx(body: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let parts = [
        ("[Content_Types].xml", "<Types/>".as_bytes(), deflated),
        ("word/media/image1.png", &[137, 80, 78, 71, 0, 255], stored),
        ("word/document.xml", body.as_bytes(), deflated),
        ("word/styles.xml", b"<w:styles/>", deflated),
    ];
    for (name, content, options) in parts {
        writer.start_file(name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn identity(sentences: &[String]) -> Result<Vec<Translation>, Infallible> {
    Ok(sentences.iter().map(Translation::new).collect())
}

/// Upper case, except for placeholders and addresses, which a model copies too.
pub(crate) fn upper(sentences: &[String]) -> Result<Vec<Translation>, Infallible> {
    let word = |word: &str| {
        let is_copied = word.contains(['{', '%', '@', '/']) || word.starts_with("www.");
        if is_copied { word.to_owned() } else { word.to_uppercase() }
    };
    let sentence = |text: &String| text.split(' ').map(word).collect::<Vec<_>>().join(" ");
    Ok(sentences.iter().map(|text| Translation::new(sentence(text))).collect())
}

/// The words in reverse order, with the alignment.
pub(crate) fn reversed(sentences: &[String]) -> Result<Vec<Translation>, Infallible> {
    let reverse = |text: &String| {
        let mut start = 0;
        let mut sources = Vec::new();
        for word in text.split(' ') {
            sources.push(start..start + word.len());
            start += word.len() + 1;
        }
        let mut target = String::new();
        let mut links = Vec::new();
        for source in sources.into_iter().rev() {
            if !target.is_empty() {
                target.push(' ');
            }
            let start = target.len();
            target.push_str(&text[source.clone()]);
            links.push(Link { source, target: start..target.len() });
        }
        Translation::new(target).with_links(links)
    };
    Ok(sentences.iter().map(reverse).collect())
}

pub(crate) fn translate<T: Translate<Error = Infallible>>(
    bytes: Vec<u8>,
    format: &Format,
    split: Split,
    mut translator: T,
) -> Result<Vec<u8>, DocumentError> {
    let document = Document::parse(bytes, format)?;
    let options = TranslateOptions::new("en").with_split(split).with_batch(3);
    let translated = document.translate(&options, &mut translator, &mut |_, _| {}).unwrap();
    document.write(&translated)
}

pub(crate) fn translate_text<T: Translate<Error = Infallible>>(
    text: &str,
    format: &Format,
    translator: T,
) -> String {
    let bytes = translate(text.into(), format, Split::Sentences, translator).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The texts of all segments.
pub(crate) fn texts(text: &str, format: &Format) -> Vec<String> {
    let document = Document::parse(text.into(), format).unwrap();
    document.segments().map(|segment| segment.text().to_owned()).collect()
}
