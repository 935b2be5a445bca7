//! Reads sentences whose words have tags: CoNLL columns and JSONL.

use std::path::Path;

use serde_json::{Map, Value};

use crate::lines::{self, lines};
use crate::{Column, DataError, Format};

/// A word and its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedWord {
    /// The line number, from 1.
    pub line: usize,
    /// The word.
    pub word: String,
    /// The tag, such as `B-PER`.
    pub tag: String,
}

/// The words of a sentence and their tags.
pub type TaggedSentence = Vec<TaggedWord>;

/// The columns of words and tags; by default the first and the last, in JSONL the fields `tokens` and `tags`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagColumns {
    /// The column of the words.
    pub words: Option<Column>,
    /// The column of the tags.
    pub tags: Option<Column>,
}

/// Reads sentences with tags. The file is JSONL if its name says so (see [`Format::of_name`]), otherwise it has CoNLL columns.
///
/// In CoNLL columns each line is a word, with its columns separated by tabs or spaces, and a blank line ends a sentence. The
/// line `-DOCSTART-` of CoNLL-2003 is not a word. In JSONL each line is a sentence: an object with a list of words and a list
/// of tags, which may be numbers.
///
/// # Errors
/// If the file can't be read, has no word, or a line is malformed.
pub fn read_tagged(path: &Path, columns: &TagColumns) -> Result<Vec<TaggedSentence>, DataError> {
    parse_tagged(&path.display().to_string(), &lines::read(path)?, columns)
}

/// [`read_tagged`] for text in memory. `name` is the file in error messages.
///
/// # Errors
/// As [`read_tagged`].
pub fn parse_tagged(
    name: &str,
    text: &[u8],
    columns: &TagColumns,
) -> Result<Vec<TaggedSentence>, DataError> {
    let sentences = match Format::of_name(name, false) {
        Format::Jsonl => jsonl(name, text, columns)?,
        Format::Tsv { .. } => conll(name, text, columns)?,
    };
    if sentences.is_empty() {
        return Err(DataError::EmptyFile { name: name.to_owned() });
    }
    Ok(sentences)
}

/// The first field of a line that starts a document and is not a word.
const DOCUMENT: &str = "-DOCSTART-";

fn conll(name: &str, text: &[u8], columns: &TagColumns) -> Result<Vec<TaggedSentence>, DataError> {
    let mut sentences = Vec::new();
    let mut sentence = TaggedSentence::new();
    let mut first: Option<usize> = None;
    for line in lines(name, text)? {
        let (line, text) = line?;
        if text.trim().is_empty() {
            sentences.extend((!sentence.is_empty()).then(|| std::mem::take(&mut sentence)));
            continue;
        }
        let fields: Vec<&str> = if text.contains('\t') {
            text.split('\t').map(str::trim).collect()
        } else {
            text.split_whitespace().collect()
        };
        if fields.first() == Some(&DOCUMENT) {
            continue;
        }
        let expected = *first.get_or_insert(fields.len());
        if fields.len() != expected {
            return Err(DataError::UnevenColumns {
                name: name.to_owned(),
                line,
                columns: fields.len(),
                expected,
            });
        }
        let field = |column: &Option<Column>, default: usize| {
            let index = match column {
                None => Some(default),
                Some(Column::Number(number)) => number.checked_sub(1),
                Some(Column::Name(_)) => None,
            };
            let value = index.and_then(|index| fields.get(index));
            value.map(|value| (*value).to_owned()).ok_or_else(|| DataError::NoSuchColumn {
                name: name.to_owned(),
                line,
                column: column.as_ref().map(ToString::to_string).unwrap_or_default(),
                known: format!("1 to {}", fields.len()),
            })
        };
        let word = field(&columns.words, 0)?;
        let tag = field(&columns.tags, fields.len() - 1)?;
        if fields.len() < 2 {
            return Err(DataError::NoTag { name: name.to_owned(), line });
        }
        if let Some(field) =
            [("word", &word), ("tag", &tag)].iter().find(|(_, text)| text.is_empty())
        {
            let (name, field) = (name.to_owned(), field.0.to_owned());
            return Err(DataError::EmptyField { name, line, field });
        }
        sentence.push(TaggedWord { line, word, tag });
    }
    sentences.extend((!sentence.is_empty()).then_some(sentence));
    Ok(sentences)
}

fn jsonl(name: &str, text: &[u8], columns: &TagColumns) -> Result<Vec<TaggedSentence>, DataError> {
    let key = |column: &Option<Column>, default: &str| match column {
        None => default.to_owned(),
        Some(Column::Number(number)) => number.to_string(),
        Some(Column::Name(name)) => name.clone(),
    };
    let (words_key, tags_key) = (key(&columns.words, "tokens"), key(&columns.tags, "tags"));
    let mut sentences = Vec::new();
    for line in lines(name, text)? {
        let (line, text) = line?;
        if text.trim().is_empty() {
            return Err(DataError::BlankLine { name: name.to_owned(), line });
        }
        let wrong = |reason| DataError::Json { name: name.to_owned(), line, reason };
        let object: Map<String, Value> = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("not a JSON object ({error})")))?;
        let words = texts(&object, &words_key, wrong)?;
        let tags = texts(&object, &tags_key, wrong)?;
        if words.len() != tags.len() {
            let reason = format!(
                "`{words_key}` has {} items and `{tags_key}` {}; each word needs one tag",
                words.len(),
                tags.len()
            );
            return Err(wrong(reason));
        }
        let word = |(word, tag)| TaggedWord { line, word, tag };
        let sentence: TaggedSentence = words.into_iter().zip(tags).map(word).collect();
        sentences.extend((!sentence.is_empty()).then_some(sentence));
    }
    Ok(sentences)
}

/// The texts of a list; `wrong` makes an error of what is wrong with it.
fn texts(
    object: &Map<String, Value>,
    key: &str,
    wrong: impl Fn(String) -> DataError,
) -> Result<Vec<String>, DataError> {
    let Some(list) = object.get(key).and_then(Value::as_array) else {
        let known: Vec<String> = object.keys().map(|key| format!("`{key}`")).collect();
        return Err(wrong(format!("`{key}` is not a list; the fields are {}", known.join(", "))));
    };
    let text = |item: &Value| match item {
        Value::String(text) if !text.trim().is_empty() => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(wrong(format!("`{key}` has the item {item}, which is not a text")))
        }
    };
    list.iter().map(text).collect()
}
