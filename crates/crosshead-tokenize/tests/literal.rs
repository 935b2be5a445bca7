//! Pieces spelled out in a text (`<0x41>`, `<s>`) are encoded as in SentencePiece (`fixtures/export_literal.py`).

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_tokenize::Tokenizer;

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/literal").join(name)
}

fn check(name: &str) {
    let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
    let expected = fs::read(directory(name).join("expected.json")).unwrap();
    let expected: Vec<(String, Vec<u32>)> = serde_json::from_slice(&expected).unwrap();
    let tokens = |ids: &[u32]| -> Vec<String> {
        ids.iter().map(|&id| tokenizer.id_to_token(id).unwrap_or_default()).collect()
    };
    let mut different = Vec::new();
    for (text, ids) in &expected {
        let found = tokenizer.encode_with_special(text).unwrap();
        if found != *ids {
            different.push(format!("{text:?}: {:?}, not {:?}", tokens(&found), tokens(ids)));
        }
    }
    assert!(different.is_empty(), "{name}:\n{}", different.join("\n"));
}

#[test]
fn a_unigram_model_encodes_a_spelled_out_byte_as_characters() {
    check("unigram");
    check("marian");
}

#[test]
fn a_bpe_model_encodes_a_spelled_out_byte_as_characters() {
    check("bpe");
}

#[test]
fn split_special_pieces_are_encoded_as_characters() {
    for name in [
        "unigram-split",
        "bpe-split",
        "t5-split",
        "llama-split",
        "xlm-roberta-unigram-split",
        "xlm-roberta-bpe-split",
    ] {
        check(name);
    }
}

#[test]
fn bytes_of_unknown_characters_decode_to_the_text() {
    for name in ["unigram", "bpe"] {
        let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
        for text in ["日本語 🙂", "the <0x41> cat", "é<0xC3>é"] {
            assert_eq!(tokenizer.decode(&tokenizer.encode(text).unwrap()).unwrap(), text, "{name}");
        }
        let encoding = tokenizer.encode_with_offsets("日 a").unwrap();
        assert!(encoding.offsets.iter().filter(|&bytes| *bytes == (0..3)).count() >= 3, "{name}");
    }
}
