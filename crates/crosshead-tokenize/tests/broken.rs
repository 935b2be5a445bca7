//! Malformed files cause an error that names the file and the line or key, and never a panic.

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

/// The error when loading a directory with one file replaced.
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
fn a_directory_without_a_tokenizer_lists_the_expected_files() {
    let error = Tokenizer::from_dir(tempfile::tempdir().unwrap().path()).unwrap_err();
    assert!(matches!(error, TokenizeError::NoTokenizer { .. }));
    assert_says(&error, &["tokenizer.json", "vocab.txt", "merges.txt", "source.spm"]);
}

#[test]
fn each_missing_file_is_reported() {
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
fn a_repeated_token_in_vocab_txt_is_reported_with_both_lines() {
    let error = error_with("bert", "vocab.txt", "[PAD]\n[UNK]\na\n[CLS]\n[SEP]\na\n");
    assert_says(&error, &["vocab.txt:6", "`a`", "line 3"]);
}

#[test]
fn invalid_utf8_is_reported_with_its_line() {
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
fn gaps_and_duplicates_in_vocab_json_name_the_token() {
    let error_of = |vocabulary| error_with("gpt2", "vocab.json", vocabulary);
    assert_says(&error_of(r#"{"a": 0, "b": 2}"#), &["vocab.json", "`b`", "0 to 1"]);
    assert_says(&error_of(r#"{"a": 0, "b": 0}"#), &["vocab.json", "`b`", "`a`"]);
    assert_says(&error_of(r#"{"a": 0, "a": 1}"#), &["vocab.json", "`a`", "twice"]);
    for unrecognized in [r#"{"a": -1}"#, r#"{"a": "x"}"#, r#"["a"]"#, r#"{"a": 4294967296}"#] {
        let error = error_of(unrecognized);
        assert!(matches!(error, TokenizeError::UnrecognizedJson { .. }), "{error}");
        assert_says(&error, &["vocab.json", "line 1"]);
    }
    assert!(matches!(error_of(r#"{"a": 0"#), TokenizeError::InvalidJson { .. }));
}

#[test]
fn an_invalid_line_of_merges_is_reported() {
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
fn an_added_token_with_a_wrong_id_is_reported() {
    let config = text_of("qwen2", "tokenizer_config.json");
    let error = error_with("qwen2", "tokenizer_config.json", config.replace("\"600\"", "\"7\""));
    assert!(matches!(error, TokenizeError::AddedTokenId { .. }), "{error}");
    let error = error_with("gpt2", "added_tokens.json", r#"{"<new>": 1000}"#);
    assert_says(&error, &["<new>", "1000", "added_tokens.json"]);
}

#[test]
fn a_tokenizer_larger_than_its_model_is_an_error() {
    let tokenizer = Tokenizer::from_dir(&directory("t5")).unwrap();
    let size = tokenizer.vocab_size();
    tokenizer.check_fits(size).unwrap();
    tokenizer.check_fits(size + 28).unwrap();
    let error = tokenizer.check_fits(size - 1).unwrap_err();
    assert!(matches!(error, TokenizeError::VocabularyMismatch { .. }));
    assert_says(&error, &[&(size - 1).to_string(), "do not match"]);
}

#[test]
fn numbers_of_tokens_in_a_config_are_bounded() {
    let config = r#"{"tokenizer_class": "T5Tokenizer", "extra_ids": 9999999999}"#;
    assert_says(&error_with("t5", "tokenizer_config.json", config), &["extra_ids"]);
    let config = r#"{"tokenizer_class": "PegasusTokenizer", "offset": 9999999999}"#;
    assert_says(&error_with("pegasus", "tokenizer_config.json", config), &["offset"]);
}

#[test]
fn an_invalid_sentencepiece_model_is_reported() {
    for contents in [&b"hello"[..], b"\n\n\n", &[0xff; 64], b"{\"a\": 1}"] {
        let error = error_with("mbart", "sentencepiece.bpe.model", contents);
        assert!(matches!(error, TokenizeError::SentencePiece { .. }), "{error}");
        assert_says(&error, &["sentencepiece.bpe.model"]);
    }
}

#[test]
fn every_truncated_sentencepiece_model_is_an_error_or_a_tokenizer() {
    let model = fs::read(directory("mbart").join("sentencepiece.bpe.model")).unwrap();
    let dir = copy("mbart");
    for end in (0..model.len()).step_by(61) {
        fs::write(dir.path().join("sentencepiece.bpe.model"), &model[..end]).unwrap();
        run_if_loaded(dir.path());
    }
}

#[test]
fn a_trie_with_a_wrong_size_is_an_error() {
    let mut model = fs::read(directory("t5").join("spiece.model")).unwrap();
    let (header, _) = find_rules(&model);
    model[header..header + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = error_with("t5", "spiece.model", &model);
    assert_says(&error, &["spiece.model", "normalization rules", "4294967295"]);
}

/// The offset of the normalization rules in a model file, and the size of their trie.
fn find_rules(model: &[u8]) -> (usize, usize) {
    let candidates = (0..model.len() - 4).filter_map(|start| {
        let size = u32::from_le_bytes(model[start..start + 4].try_into().unwrap()) as usize;
        (size > 100_000 && size.is_multiple_of(1024) && start + 4 + size < model.len())
            .then_some((start, size))
    });
    candidates.into_iter().next().expect("the model has rules")
}

#[test]
fn invalid_normalization_rules_in_a_tokenizer_json_are_errors() {
    let tokenizer = include_str!("../fixtures/tokenizer.json");
    // A 4 GiB trie in four bytes, and a trie with a root that leads out of it.
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
            assert_says(&error, &["tokenizer.json", "normalization rules"]);
        }
    }
}

#[test]
fn a_vocabulary_without_the_unknown_token_is_an_error() {
    let dir = copy("bert");
    let path = dir.path().join("vocab.txt");
    let vocabulary = fs::read_to_string(&path).unwrap().replace("[UNK]", "[UNX]");
    fs::write(path, vocabulary).unwrap();
    let error = Tokenizer::from_dir(dir.path()).unwrap_err();
    assert_says(&error, &["vocab.txt", "[UNK]"]);
}

/// Encodes and decodes with the tokenizer of a directory, if it loads.
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
    for (index, byte) in changes {
        bytes[index % len] = *byte;
    }
    bytes.truncate(end.map_or(len, |end| end % len));
    let dir = copy(name);
    fs::write(dir.path().join(file), bytes).unwrap();
    run_if_loaded(dir.path());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_bytes_of_a_sentencepiece_model_never_panic(
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
    fn changed_bytes_of_a_vocabulary_never_panic(
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
    fn changed_bytes_of_a_tokenizer_json_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = include_bytes!("../fixtures/tokenizer.json").to_vec();
        let len = bytes.len();
        for (index, byte) in changes {
            bytes[index % len] = byte;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tokenizer.json"), bytes).unwrap();
        run_if_loaded(dir.path());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn changed_bytes_of_the_normalization_rules_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..60),
    ) {
        let model = fs::read(directory("t5").join("spiece.model")).unwrap();
        let (start, size) = find_rules(&model);
        let changes: Vec<(usize, u8)> =
            changes.into_iter().map(|(index, byte)| (start + index % (size + 4), byte)).collect();
        mutated("t5", "spiece.model", &changes, None);
    }
}
