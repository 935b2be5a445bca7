//! Trains a tokenizer of each kind and saves it with its ids and decoded texts, for `fixtures/check_trained.py`:
//!
//! ```sh
//! cargo run -p crosshead-tokenize --example save_trained -- target/saved-tokenizers
//! ```

use std::fs;
use std::path::Path;

use crosshead_tokenize::{BpeConfig, Tokenizer, UnigramConfig, WordPieceConfig};
use serde_json::json;

const TRAINING: &str = include_str!("../fixtures/training.txt");

/// Edge cases: spaces, other scripts, accents, and special tokens spelled out.
const EDGE_CASES: [&str; 12] = [
    "",
    " ",
    "a",
    "  two  spaces ",
    "Größe\tTab\nline",
    "日本語 text",
    "</s> <unk> <pad> <|endoftext|>",
    "the [MASK] of [CLS] and [SEP]",
    "🙂👍🏽",
    "e\u{301} é ﬁ",
    "don't stop, they're here . ok ?",
    "\u{200b}\u{feff}\u{0}",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::args().nth(1).ok_or("usage: save_trained DIR")?;
    let lines = || TRAINING.lines();
    let trained = [
        ("bpe", Tokenizer::train_bpe(lines(), &BpeConfig::new(400))?),
        ("byte-level-bpe", Tokenizer::train_byte_level_bpe(lines(), &BpeConfig::new(500))?),
        ("word-piece", Tokenizer::train_word_piece(lines(), &WordPieceConfig::new(400))?),
        (
            "word-piece-cased",
            Tokenizer::train_word_piece(lines(), &WordPieceConfig::new(400).with_lowercase(false))?,
        ),
        ("unigram", Tokenizer::train_unigram(lines(), &UnigramConfig::new(300))?),
        ("characters", Tokenizer::train_characters([TRAINING].into_iter())?),
    ];
    let texts: Vec<&str> = EDGE_CASES.into_iter().chain(TRAINING.lines()).collect();
    for (name, tokenizer) in trained {
        let dir = Path::new(&root).join(name);
        tokenizer.save(&dir)?;
        let ids = tokenizer.encode_batch_with_special(&texts)?;
        let decoded = tokenizer.decode_batch(&ids)?;
        let check = json!({ "texts": texts, "ids": ids, "decoded": decoded });
        fs::write(dir.join("check.json"), check.to_string())?;
    }
    Ok(())
}
