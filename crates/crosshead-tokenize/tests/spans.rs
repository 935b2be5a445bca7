//! The parts of a text that tokens stand for.

use std::path::Path;
use std::sync::LazyLock;

use crosshead_tokenize::{SpannedText, TokenSpan, Tokenizer};
use proptest::prelude::*;

const DIRECTORIES: [&str; 12] = [
    "bert",
    "distilbert",
    "gpt2",
    "roberta",
    "t5",
    "mbart",
    "mbart50",
    "pegasus",
    "albert",
    "llama",
    "m2m100",
    "marian",
];

static TOKENIZERS: LazyLock<Vec<(&str, Tokenizer)>> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/directories");
    let load = |name| (name, Tokenizer::from_dir(&dir.join(name)).unwrap());
    DIRECTORIES.into_iter().map(load).collect()
});

/// Texts with spaces, marks, and characters that some vocabularies do not have.
fn texts() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "the ", "house", " is", "n't", ", ", "valid.", " ", "Größe", "中文", "🙂", "e\u{301}",
        "\n", "3.5",
    ]);
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ids_are_those_of_encoding_without_spans(text in texts(), second in texts(), max_len in 4_usize..20) {
        for (name, tokenizer) in TOKENIZERS.iter() {
            let found = tokenizer.encode_with_spans(&text, max_len).unwrap();
            let expected = tokenizer.encode_truncated(&text, max_len).unwrap();
            prop_assert_eq!(&found.ids, &expected.ids, "{}: {:?}", name, text);
            prop_assert_eq!(found.truncated, expected.truncated);
            prop_assert_eq!(found.spans.len(), found.ids.len());

            let found = tokenizer.encode_pair_with_spans(&text, &second, max_len).unwrap();
            let expected = tokenizer.encode_pair_truncated(&text, &second, max_len).unwrap();
            prop_assert_eq!(&found.ids, &expected.ids, "{}: {:?}, {:?}", name, text, second);
            prop_assert_eq!(&found.types, &expected.types);
            let of = |side| found.spans.iter().flatten().filter(|span| span.text == side).count();
            let alone = tokenizer.encode(&text).unwrap().len() + tokenizer.encode(&second).unwrap().len();
            prop_assert_eq!(of(0) + of(1) == alone, !found.truncated, "{}: {:?}", name, found.spans);
            let both = [&text, &second];
            for TokenSpan { text, range } in found.spans.iter().flatten() {
                prop_assert!(both[*text].get(range.clone()).is_some(), "{}: {:?}", name, range);
            }
        }
    }

    #[test]
    fn the_ranges_of_decoded_ids_cover_the_text(seeds in prop::collection::vec(any::<u32>(), 0..24)) {
        for (name, tokenizer) in TOKENIZERS.iter() {
            let ids: Vec<u32> =
                seeds.iter().map(|seed| seed % (tokenizer.vocab_size() as u32 + 3)).collect();
            let SpannedText { text, ranges } = tokenizer.decode_with_spans(&ids).unwrap();
            prop_assert_eq!(&text, &tokenizer.decode(&ids).unwrap());
            prop_assert_eq!(ranges.len(), ids.len());
            let mut end = 0;
            for range in ranges.iter().flatten() {
                prop_assert!(text.get(range.clone()).is_some(), "{}: {:?} of {:?}", name, range, text);
                prop_assert!(range.start <= end && range.end >= end, "{}: {:?} after {}", name, range, end);
                end = range.end;
            }
            prop_assert!(end == text.len() || ranges.iter().all(Option::is_none), "{}: {:?}", name, text);
        }
    }
}

/// Cases that a person can read.
#[test]
fn spans_are_the_surface_forms_of_tokens() {
    let (_, bert) = TOKENIZERS.iter().find(|(name, _)| *name == "bert").unwrap();
    let (first, second) = ("The house", "is valid.");
    let found = bert.encode_pair_with_spans(first, second, 64).unwrap();
    let texts = [first, second];
    let shown = |span: &Option<TokenSpan>| match span {
        Some(span) => texts[span.text][span.range.clone()].to_owned(),
        None => "-".to_owned(),
    };
    let shown: Vec<String> = found.spans.iter().map(shown).collect();
    assert_eq!([&shown[0], &shown[shown.len() - 1]], ["-", "-"]);
    let border = shown[1..].iter().position(|part| part == "-").unwrap() + 1;
    assert_eq!(shown[1..border].concat(), "Thehouse");
    assert_eq!(shown[border + 1..shown.len() - 1].concat(), "isvalid.");
}

#[test]
fn a_character_of_several_tokens_has_one_range() {
    let (_, gpt2) = TOKENIZERS.iter().find(|(name, _)| *name == "gpt2").unwrap();
    let ids = gpt2.encode("ab🙂c").unwrap();
    let SpannedText { text, ranges } = gpt2.decode_with_spans(&ids).unwrap();
    assert_eq!(text, "ab🙂c");
    let parts: Vec<&str> = ranges.iter().flatten().map(|range| &text[range.clone()]).collect();
    let smiles = parts.iter().filter(|part| **part == "🙂").count();
    assert!(smiles >= 2 && parts.iter().all(|part| !part.is_empty()), "{parts:?}");
    assert_eq!(parts.first().map(|part| part.starts_with('a')), Some(true));
    assert_eq!(parts.last(), Some(&"c"));
}
