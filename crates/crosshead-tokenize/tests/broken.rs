//! Broken files in every format are errors that name file and line or key, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_tokenize::{TokenizeError, Tokenizer};
use proptest::prelude::*;
use tempfile::TempDir;

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/directories").join(name)
}

/// A copy of a directory.
fn copy(name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(directory(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    dir
}

/// The error of a directory in which one file has these contents.
fn error_with(name: &str, file: &str, contents: impl AsRef<[u8]>) -> TokenizeError {
    let dir = copy(name);
    fs::write(dir.path().join(file), contents).unwrap();
    Tokenizer::from_dir(dir.path()).unwrap_err()
}

fn text_of(name: &str, file: &str) -> String {
    fs::read_to_string(directory(name).join(file)).unwrap()
}

#[track_caller]
fn assert_says(error: &TokenizeError, parts: &[&str]) {
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

#[test]
fn a_directory_without_a_tokenizer_says_what_is_expected() {
    let error = Tokenizer::from_dir(tempfile::tempdir().unwrap().path()).unwrap_err();
    assert!(matches!(error, TokenizeError::NoTokenizer { .. }));
    assert_says(&error, &["tokenizer.json", "vocab.txt", "merges.txt", "source.spm"]);
}

#[test]
fn each_missing_file_is_named() {
    for (name, file) in [
        ("gpt2", "merges.txt"),
        ("marian", "target.spm"),
        ("marian", "vocab.json"),
        ("m2m100", "vocab.json"),
    ] {
        let dir = copy(name);
        fs::remove_file(dir.path().join(file)).unwrap();
        let error = Tokenizer::from_dir(dir.path()).unwrap_err();
        assert!(matches!(error, TokenizeError::Read { .. }), "{error}");
        assert_says(&error, &[file]);
    }
}

#[test]
fn a_token_twice_in_vocab_txt_is_named_with_both_lines() {
    let error = error_with("bert", "vocab.txt", "[PAD]\n[UNK]\na\n[CLS]\n[SEP]\na\n");
    assert_says(&error, &["vocab.txt:6", "`a`", "line 3"]);
}

#[test]
fn bytes_that_are_not_utf8_are_named_with_their_line() {
    assert_says(
        &error_with("bert", "vocab.txt", b"[PAD]\n[UNK]\n\xff\n"),
        &["vocab.txt:3", "UTF-8"],
    );
    assert_says(
        &error_with("gpt2", "merges.txt", b"#version\n\xff a\n"),
        &["merges.txt:2", "UTF-8"],
    );
}

#[test]
fn a_json_vocabulary_with_gaps_or_doubles_names_the_token() {
    let error_of = |vocabulary| error_with("gpt2", "vocab.json", vocabulary);
    assert_says(&error_of(r#"{"a": 0, "b": 2}"#), &["vocab.json", "`b`", "0 to 1"]);
    assert_says(&error_of(r#"{"a": 0, "b": 0}"#), &["vocab.json", "`b`", "`a`"]);
    assert_says(&error_of(r#"{"a": 0, "a": 1}"#), &["vocab.json", "`a`", "twice"]);
    for foreign in [r#"{"a": -1}"#, r#"{"a": "x"}"#, r#"["a"]"#, r#"{"a": 4294967296}"#] {
        let error = error_of(foreign);
        assert!(matches!(error, TokenizeError::ForeignJson { .. }), "{error}");
        assert_says(&error, &["vocab.json", "line 1"]);
    }
    assert!(matches!(error_of(r#"{"a": 0"#), TokenizeError::InvalidJson { .. }));
}

#[test]
fn a_line_of_merges_that_is_no_pair_is_named() {
    for (line, says) in [("a", "not two tokens"), ("a b c", "not two tokens"), ("a ☃", "`☃`")] {
        let merges = format!("#version: 0.2\n{line}\n");
        assert_says(&error_with("gpt2", "merges.txt", merges), &["merges.txt:2", says]);
    }
    let vocabulary = r#"{"a": 0, "b": 1}"#;
    let dir = copy("gpt2");
    fs::write(dir.path().join("vocab.json"), vocabulary).unwrap();
    fs::write(dir.path().join("merges.txt"), "a b\n").unwrap();
    assert_says(&Tokenizer::from_dir(dir.path()).unwrap_err(), &["merges.txt:1", "`ab`"]);
}

#[test]
fn an_added_token_whose_id_is_taken_is_named() {
    let config = text_of("qwen2", "tokenizer_config.json");
    let error = error_with("qwen2", "tokenizer_config.json", config.replace("\"600\"", "\"7\""));
    assert!(matches!(error, TokenizeError::AddedTokenId { .. }), "{error}");
    let error = error_with("gpt2", "added_tokens.json", r#"{"<new>": 1000}"#);
    assert_says(&error, &["<new>", "1000", "added_tokens.json"]);
}

#[test]
fn a_tokenizer_larger_than_its_model_is_an_error_of_its_own() {
    let tokenizer = Tokenizer::from_dir(&directory("t5")).unwrap();
    let size = tokenizer.vocab_size();
    tokenizer.check_fits(size).unwrap();
    tokenizer.check_fits(size + 28).unwrap();
    let error = tokenizer.check_fits(size - 1).unwrap_err();
    assert!(matches!(error, TokenizeError::VocabularyMismatch { .. }));
    assert_says(&error, &[&(size - 1).to_string(), "don't belong together"]);
}

#[test]
fn numbers_in_a_config_do_not_make_a_vocabulary_without_bounds() {
    let config = r#"{"tokenizer_class": "T5Tokenizer", "extra_ids": 9999999999}"#;
    assert_says(&error_with("t5", "tokenizer_config.json", config), &["extra_ids"]);
    let config = r#"{"tokenizer_class": "PegasusTokenizer", "offset": 9999999999}"#;
    assert_says(&error_with("pegasus", "tokenizer_config.json", config), &["offset"]);
}

#[test]
fn a_file_that_is_no_sentencepiece_model_is_named() {
    for contents in [&b"hello"[..], b"\n\n\n", &[0xff; 64], b"{\"a\": 1}"] {
        let error = error_with("mbart", "sentencepiece.bpe.model", contents);
        assert!(matches!(error, TokenizeError::SentencePiece { .. }), "{error}");
        assert_says(&error, &["sentencepiece.bpe.model"]);
    }
}

#[test]
fn every_truncated_sentencepiece_model_is_an_error_or_a_tokenizer() {
    let whole = fs::read(directory("mbart").join("sentencepiece.bpe.model")).unwrap();
    let dir = copy("mbart");
    for end in (0..whole.len()).step_by(61) {
        fs::write(dir.path().join("sentencepiece.bpe.model"), &whole[..end]).unwrap();
        run_if_loaded(dir.path());
    }
}

#[test]
fn a_trie_that_lies_about_its_length_is_refused() {
    let mut model = fs::read(directory("t5").join("spiece.model")).unwrap();
    let (header, _) = find_rules(&model);
    model[header..header + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = error_with("t5", "spiece.model", &model);
    assert_says(&error, &["spiece.model", "rules of normalization", "4294967295"]);
}

/// Where the rules of normalization are in a model file: the first byte and the length of their trie.
fn find_rules(model: &[u8]) -> (usize, usize) {
    let candidates = (0..model.len() - 4).filter_map(|place| {
        let size = u32::from_le_bytes(model[place..place + 4].try_into().unwrap()) as usize;
        (size > 100_000 && size.is_multiple_of(1024) && place + 4 + size < model.len())
            .then_some((place, size))
    });
    candidates.into_iter().next().expect("the model has rules")
}

#[test]
fn broken_rules_in_a_tokenizer_json_are_refused() {
    let tokenizer = include_str!("../fixtures/tokenizer.json");
    // A trie of 4 GiB in four bytes, and one whose root leads out of it.
    for rules in ["/////w==", "BAAAAAD8/38="] {
        let normalizer = format!(r#"{{"type": "Precompiled", "precompiled_charsmap": "{rules}"}}"#);
        for normalizer in [
            normalizer.clone(),
            format!(r#"{{"type": "Sequence", "normalizers": [{{"type": "NFC"}}, {normalizer}]}}"#),
        ] {
            let changed = tokenizer
                .replace(r#""normalizer": null"#, &format!(r#""normalizer": {normalizer}"#));
            assert_ne!(changed, tokenizer);
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("tokenizer.json"), changed).unwrap();
            let error = Tokenizer::from_dir(dir.path()).unwrap_err();
            assert_says(&error, &["tokenizer.json", "rules of normalization"]);
        }
    }
}

#[test]
fn a_vocabulary_without_the_token_for_unknown_words_is_refused() {
    let dir = copy("bert");
    let path = dir.path().join("vocab.txt");
    let vocabulary = fs::read_to_string(&path).unwrap().replace("[UNK]", "[UNX]");
    fs::write(path, vocabulary).unwrap();
    let error = Tokenizer::from_dir(dir.path()).unwrap_err();
    assert_says(&error, &["vocab.txt", "[UNK]"]);
}

/// Encodes and decodes with what a directory holds, if it holds a tokenizer.
fn run_if_loaded(dir: &Path) {
    let Ok(tokenizer) = Tokenizer::from_dir(dir) else { return };
    for text in ["", "the cat ﬁ é … ½ \u{301}\u{0}", "日本語 </s><mask> <0x41>", "  a  b  "]
    {
        let ids = tokenizer.encode_with_special(text).unwrap();
        tokenizer.decode(&ids).unwrap();
        let _ = tokenizer.encode_with_offsets(text);
    }
}

fn mutated(name: &str, file: &str, changes: &[(usize, u8)], end: Option<usize>) {
    let mut bytes = fs::read(directory(name).join(file)).unwrap();
    let len = bytes.len();
    for (place, byte) in changes {
        bytes[place % len] = *byte;
    }
    bytes.truncate(end.map_or(len, |end| end % len));
    let dir = copy(name);
    fs::write(dir.path().join(file), bytes).unwrap();
    run_if_loaded(dir.path());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_changed_byte_of_a_sentencepiece_model_makes_a_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..8),
        end in prop::option::weighted(0.2, any::<usize>()),
    ) {
        for (name, file) in [
            ("mbart", "sentencepiece.bpe.model"),
            ("llama", "tokenizer.model"),
            ("user", "spm.model"),
            ("pegasus", "spiece.model"),
            ("albert", "spiece.model"),
        ] {
            mutated(name, file, &changes, end);
        }
    }

    #[test]
    fn no_changed_byte_of_a_vocabulary_makes_a_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
    ) {
        for (name, file) in [
            ("bert", "vocab.txt"),
            ("gpt2", "vocab.json"),
            ("gpt2", "merges.txt"),
            ("marian", "vocab.json"),
            ("qwen2", "tokenizer_config.json"),
        ] {
            mutated(name, file, &changes, None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_changed_byte_of_a_tokenizer_json_makes_a_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = include_bytes!("../fixtures/tokenizer.json").to_vec();
        let len = bytes.len();
        for (place, byte) in changes {
            bytes[place % len] = byte;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tokenizer.json"), bytes).unwrap();
        run_if_loaded(dir.path());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_changed_byte_of_the_rules_of_normalization_makes_a_panic(
        places in prop::collection::vec((any::<usize>(), any::<u8>()), 1..60),
    ) {
        let model = fs::read(directory("t5").join("spiece.model")).unwrap();
        let (start, size) = find_rules(&model);
        let changes: Vec<(usize, u8)> =
            places.into_iter().map(|(place, byte)| (start + place % (size + 4), byte)).collect();
        mutated("t5", "spiece.model", &changes, None);
    }
}
