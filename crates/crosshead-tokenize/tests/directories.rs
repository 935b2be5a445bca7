//! Ids and texts of edge cases equal the reference, in every model directory format (`fixtures/export_directories.py`).

use std::fs;
use std::path::{Path, PathBuf};

use crosshead_tokenize::Tokenizer;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Expected {
    /// For each line, the ids with special tokens and their decoded text.
    lines: Vec<(Vec<u32>, String)>,
    /// For each line, its ids when encoded as a target text.
    #[serde(default)]
    targets: Vec<Vec<u32>>,
}

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/directories").join(name)
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn lines() -> Vec<String> {
    read(&directory("lines.json"))
}

/// Compares all lines, so that a failure shows how many differ.
fn check(tokenizer: &Tokenizer, name: &str) {
    let expected: Expected = read(&directory(name).join("expected.json"));
    let lines = lines();
    assert_eq!(lines.len(), expected.lines.len());
    let tokens = |ids: &[u32]| -> Vec<String> {
        ids.iter().map(|&id| tokenizer.id_to_token(id).unwrap_or_default()).collect()
    };
    let mut different = Vec::new();
    for (line, (ids, decoded)) in lines.iter().zip(&expected.lines) {
        let found = tokenizer.encode_with_special(line).unwrap();
        if found != *ids {
            different.push(format!("{line:?}: {:?}, not {:?}", tokens(&found), tokens(ids)));
        }
        let text = tokenizer.decode(ids).unwrap();
        if text != *decoded {
            different.push(format!("{:?} decodes to {text:?}, not {decoded:?}", tokens(ids)));
        }
    }
    for (line, ids) in lines.iter().zip(&expected.targets) {
        let found = tokenizer.encode_target(line).unwrap();
        if found != *ids {
            different.push(format!("target {line:?}: {:?}, not {:?}", tokens(&found), tokens(ids)));
        }
    }
    let (count, different) = (different.len(), different.join("\n"));
    assert!(count == 0, "{name}: {count} differ\n{different}");
}

macro_rules! directories {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            check(&Tokenizer::from_dir(&directory($name)).unwrap(), $name);
        })*

        const DIRECTORIES: &[&str] = &[$($name),*];
    };
}

directories! {
    bert_reads_vocab_txt: "bert",
    distilbert_reads_vocab_txt_with_options: "distilbert",
    gpt2_reads_vocab_and_merges: "gpt2",
    roberta_reads_vocab_and_merges: "roberta",
    bart_reads_vocab_and_merges: "bart",
    qwen2_reads_vocab_merges_and_added_tokens: "qwen2",
    t5_reads_a_unigram_model: "t5",
    mbart_reads_a_unigram_model: "mbart",
    mbart50_reads_a_unigram_model: "mbart50",
    xlm_roberta_reads_a_unigram_model: "xlm-roberta",
    pegasus_reads_a_unigram_model: "pegasus",
    albert_reads_a_unigram_model: "albert",
    nllb_reads_a_bpe_model: "nllb",
    llama_reads_a_bpe_model: "llama",
    legacy_llama_reads_a_bpe_model: "llama-legacy",
    m2m100_reads_a_bpe_model_and_ids: "m2m100",
    marian_reads_two_models_and_ids: "marian",
    a_bpe_model_alone_has_user_defined_symbols: "user",
    a_unigram_model_alone_has_user_defined_symbols: "user-unigram",
}

#[test]
fn a_saved_tokenizer_equals_the_loaded_one() {
    for name in DIRECTORIES {
        let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
        let copy = tempfile::tempdir().unwrap();
        // The model's config names the family.
        let config = directory(name).join("config.json");
        if config.exists() {
            fs::copy(config, copy.path().join("config.json")).unwrap();
        }
        tokenizer.save(copy.path()).unwrap();
        let saved = Tokenizer::from_dir(copy.path()).unwrap();
        assert_eq!(saved.special(), tokenizer.special(), "{name}");
        check(&saved, name);
    }
}

#[test]
fn batches_equal_single_texts() {
    let lines = lines();
    for name in DIRECTORIES {
        let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
        let batch = tokenizer.encode_batch_with_special(&lines).unwrap();
        let targets = tokenizer.encode_target_batch(&lines).unwrap();
        let texts = tokenizer.decode_batch(&batch).unwrap();
        for (i, line) in lines.iter().enumerate() {
            assert_eq!(batch[i], tokenizer.encode_with_special(line).unwrap(), "{name}: {line}");
            assert_eq!(targets[i], tokenizer.encode_target(line).unwrap(), "{name}: {line}");
            assert_eq!(texts[i], tokenizer.decode(&batch[i]).unwrap(), "{name}: {line}");
        }
    }
}

#[test]
fn offsets_are_character_boundaries() {
    for name in DIRECTORIES {
        let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
        for line in lines() {
            let encoding = tokenizer.encode_with_offsets(&line).unwrap();
            assert_eq!(encoding.ids, tokenizer.encode(&line).unwrap(), "{name}: {line:?}");
            assert_eq!(encoding.ids.len(), encoding.offsets.len());
            for span in encoding.offsets {
                assert!(line.get(span.clone()).is_some(), "{name}: {span:?} of {line:?}");
            }
        }
    }
}

#[test]
fn the_pieces_of_a_stream_concatenate_to_the_text() {
    for name in DIRECTORIES {
        let tokenizer = Tokenizer::from_dir(&directory(name)).unwrap();
        for line in lines() {
            let ids = tokenizer.encode_with_special(&line).unwrap();
            let mut stream = tokenizer.text_stream();
            let mut text = String::new();
            for &id in &ids {
                text += &stream.push(id).unwrap();
            }
            text += &stream.finish().unwrap();
            assert_eq!(text, tokenizer.decode(&ids).unwrap(), "{name}: {line:?}");
        }
    }
}
