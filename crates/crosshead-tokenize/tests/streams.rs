//! Incremental decoding, including ids that no text encodes to.

use std::path::Path;
use std::sync::LazyLock;

use crosshead_tokenize::{BpeConfig, Tokenizer};
use proptest::prelude::*;

/// A tokenizer for each kind of decoder.
static TOKENIZERS: LazyLock<Vec<(&str, Tokenizer)>> = LazyLock::new(|| {
    let names = ["gpt2", "bert", "llama", "t5", "marian", "m2m100", "user", "albert"];
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/directories");
    let load = |name: &str| Tokenizer::from_dir(&dir.join(name)).unwrap();
    let training = include_str!("../fixtures/training.txt");
    let bytes = Tokenizer::train_byte_level_bpe(training.lines(), &BpeConfig::new(300)).unwrap();
    let characters = Tokenizer::train_characters([training].into_iter()).unwrap();
    let mut all: Vec<_> = names.into_iter().map(|name| (name, load(name))).collect();
    all.extend([("bytes", bytes), ("characters", characters)]);
    all
});

proptest! {
    #[test]
    fn pieces_concatenate_to_the_text_of_any_ids(seeds in prop::collection::vec(any::<u32>(), 0..40)) {
        for (name, tokenizer) in TOKENIZERS.iter() {
            let ids: Vec<u32> =
                seeds.iter().map(|seed| seed % (tokenizer.vocab_size() as u32 + 3)).collect();
            let mut stream = tokenizer.text_stream();
            let mut text = String::new();
            for &id in &ids {
                text += &stream.push(id).unwrap();
            }
            text += &stream.finish().unwrap();
            prop_assert_eq!(text, tokenizer.decode(&ids).unwrap(), "{}: {:?}", name, ids);
        }
    }
}

#[test]
fn a_character_of_several_tokens_is_not_split() {
    for name in ["gpt2", "llama"] {
        let (_, tokenizer) = TOKENIZERS.iter().find(|(other, _)| *other == name).unwrap();
        let ids = tokenizer.encode("ab🙂c").unwrap();
        assert!(ids.len() > 5, "{name}");
        let mut stream = tokenizer.text_stream();
        let mut pieces: Vec<String> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
        pieces.push(stream.finish().unwrap());
        assert!(
            pieces.iter().all(|piece| !piece.contains(char::REPLACEMENT_CHARACTER)),
            "{pieces:?}"
        );
        assert!(pieces.iter().any(|piece| piece.contains('🙂')), "{pieces:?}");
    }
}

#[test]
fn text_is_returned_with_the_token_that_completes_it() {
    let (_, tokenizer) = TOKENIZERS.iter().find(|(name, _)| *name == "t5").unwrap();
    let ids = tokenizer.encode("the cat sat").unwrap();
    let mut stream = tokenizer.text_stream();
    let pieces: Vec<String> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
    assert_eq!(pieces.concat(), "the cat sat");
    assert_eq!(pieces[0], "the");
    assert_eq!(stream.finish().unwrap(), "");
}
