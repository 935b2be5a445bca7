//! Properties of trained tokenizers of every kind.

use std::sync::LazyLock;

use crosshead_tokenize::{
    BpeConfig, SpecialIds, TokenizeError, Tokenizer, UnigramConfig, WordPieceConfig,
};
use proptest::prelude::*;

const TRAINING: &str = include_str!("../fixtures/training.txt");

type Trainer = fn(&[&str]) -> Result<Tokenizer, TokenizeError>;

const TRAINERS: [(&str, Trainer); 5] = [
    ("bpe", |lines| Tokenizer::train_bpe(lines.iter().copied(), &BpeConfig::new(400))),
    ("byte-level", |lines| {
        Tokenizer::train_byte_level_bpe(lines.iter().copied(), &BpeConfig::new(400))
    }),
    ("word-piece", |lines| {
        Tokenizer::train_word_piece(lines.iter().copied(), &WordPieceConfig::new(400))
    }),
    ("unigram", |lines| Tokenizer::train_unigram(lines.iter().copied(), &UnigramConfig::new(400))),
    ("characters", |lines| Tokenizer::train_characters(lines.iter().copied())),
];

static BYTES: LazyLock<Tokenizer> = LazyLock::new(|| {
    Tokenizer::train_byte_level_bpe(TRAINING.lines(), &BpeConfig::new(400)).unwrap()
});
static CHARACTERS: LazyLock<Tokenizer> =
    LazyLock::new(|| Tokenizer::train_characters([TRAINING].into_iter()).unwrap());
static UNIGRAM: LazyLock<Tokenizer> =
    LazyLock::new(|| Tokenizer::train_unigram(TRAINING.lines(), &UnigramConfig::new(400)).unwrap());

#[test]
fn threads_and_repetition_do_not_change_the_tokenizer() {
    let lines: Vec<&str> = TRAINING.lines().collect();
    for (name, train) in TRAINERS {
        let expected = train(&lines).unwrap().to_json().unwrap();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let trained = pool.install(|| train(&lines).unwrap().to_json().unwrap());
            assert!(trained == expected, "{name} with {threads} threads");
        }
    }
}

#[test]
fn every_id_below_the_size_has_a_different_token() {
    let lines: Vec<&str> = TRAINING.lines().collect();
    for (name, train) in TRAINERS {
        let tokenizer = train(&lines).unwrap();
        for id in 0..tokenizer.vocab_size() as u32 {
            let token = tokenizer.id_to_token(id).unwrap();
            assert_eq!(tokenizer.token_to_id(&token), Some(id), "{name}");
        }
        assert_eq!(tokenizer.id_to_token(tokenizer.vocab_size() as u32), None, "{name}");
    }
}

#[test]
fn a_saved_tokenizer_loads_with_the_same_ids() {
    let lines: Vec<&str> = TRAINING.lines().collect();
    for (name, train) in TRAINERS {
        let dir = tempfile::tempdir().unwrap();
        let tokenizer = train(&lines).unwrap();
        tokenizer.save(dir.path()).unwrap();
        let loaded = Tokenizer::from_dir(dir.path()).unwrap();
        assert_eq!(loaded.special(), tokenizer.special(), "{name}");
        for text in lines.iter().chain(&["[MASK] x", "</s>", "<|endoftext|>", "日本"]) {
            let ids = tokenizer.encode_with_special(text).unwrap();
            assert_eq!(loaded.encode_with_special(text).unwrap(), ids, "{name}: {text}");
            assert_eq!(loaded.decode(&ids).unwrap(), tokenizer.decode(&ids).unwrap(), "{name}");
        }
    }
}

#[test]
fn training_without_text_is_an_error() {
    for (name, train) in TRAINERS {
        for lines in [&[][..], &[""]] {
            assert!(matches!(train(lines), Err(TokenizeError::EmptyText)), "{name}: {lines:?}");
        }
    }
}

#[test]
fn a_vocabulary_size_below_the_alphabet_names_the_smallest_possible_size() {
    let smallest = |result| match result {
        Err(TokenizeError::VocabularyTooSmall { smallest, .. }) => smallest,
        other => panic!("{other:?}"),
    };
    let line = || ["abc"].into_iter();
    let byte_level = |size| Tokenizer::train_byte_level_bpe(line(), &BpeConfig::new(size));
    assert_eq!(smallest(byte_level(256)), 257);
    assert_eq!(byte_level(257).unwrap().vocab_size(), 257);
    let word_piece = |size| Tokenizer::train_word_piece(line(), &WordPieceConfig::new(size));
    assert_eq!(smallest(word_piece(9)), 10); // five special tokens, a, b, c, ##b, ##c
    assert_eq!(word_piece(10).unwrap().vocab_size(), 10);
    let unigram = |size| Tokenizer::train_unigram(line(), &UnigramConfig::new(size));
    assert_eq!(smallest(unigram(6)), 7); // three special tokens, ▁, a, b, c
    assert_eq!(unigram(7).unwrap().vocab_size(), 7);
}

#[test]
fn end_of_text_is_the_last_id_of_byte_level_and_character_tokenizers() {
    let end_of_text = |tokenizer: &Tokenizer| {
        let id = Some(tokenizer.vocab_size() as u32 - 1);
        assert_eq!(tokenizer.token_to_id("<|endoftext|>"), id);
        SpecialIds { bos: id, eos: id, ..SpecialIds::default() }
    };
    assert_eq!(BYTES.special(), end_of_text(&BYTES));
    assert_eq!(CHARACTERS.special(), SpecialIds { unk: Some(0), ..end_of_text(&CHARACTERS) });
}

#[test]
fn character_tokens_are_the_characters_by_code_point() {
    let tokenizer = Tokenizer::train_characters(["ba\n", "é a"].into_iter()).unwrap();
    let tokens: Vec<String> = (0..7).map(|id| tokenizer.id_to_token(id).unwrap()).collect();
    assert_eq!(tokens, ["<unk>", "\n", " ", "a", "b", "é", "<|endoftext|>"]);
    assert_eq!(tokenizer.encode_with_special("bz\n").unwrap(), [4, 0, 1]);
}

#[test]
fn word_piece_adds_cls_and_sep() {
    let train = |config| Tokenizer::train_word_piece(TRAINING.lines(), &config).unwrap();
    let tokenizer = train(WordPieceConfig::new(400));
    let ids = tokenizer.encode_with_special("Der Sensor [MASK].").unwrap();
    assert_eq!((ids.first(), ids.last()), (Some(&2), Some(&3)));
    assert!(ids.contains(&4));
    assert_eq!(tokenizer.encode("Größe").unwrap(), tokenizer.encode("GROßE").unwrap());
    let cased = train(WordPieceConfig::new(400).with_lowercase(false));
    assert_ne!(cased.encode("der").unwrap(), cased.encode("Der").unwrap());
}

#[test]
fn unigram_tokens_are_sorted_by_probability() {
    let json: serde_json::Value = serde_json::from_str(&UNIGRAM.to_json().unwrap()).unwrap();
    let vocabulary = json["model"]["vocab"].as_array().unwrap();
    let scores: Vec<f64> = vocabulary[2..].iter().map(|entry| entry[1].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b));
    // The probabilities come from one distribution, from which some rare tokens were pruned.
    let sum: f64 = scores.iter().map(|score| score.exp()).sum();
    assert!((0.8..=1.05).contains(&sum), "{sum}");
}

#[test]
fn unigram_needs_fewer_tokens_than_characters() {
    let characters = CHARACTERS.encode(TRAINING).unwrap().len();
    let tokens: usize = TRAINING.lines().map(|line| UNIGRAM.encode(line).unwrap().len()).sum();
    assert!(tokens * 2 < characters, "{tokens} tokens for {characters} characters");
}

proptest! {
    #[test]
    fn byte_level_decoding_restores_any_text(text in any::<String>()) {
        let ids = BYTES.encode(&text).unwrap();
        prop_assert_eq!(BYTES.decode(&ids).unwrap(), text);
    }

    #[test]
    fn no_text_encodes_to_the_end_of_text_token(before in any::<String>(), after in any::<String>()) {
        for tokenizer in [&*BYTES, &*CHARACTERS] {
            let ids = tokenizer.encode_with_special(&format!("{before}<|endoftext|>{after}")).unwrap();
            prop_assert!(!ids.contains(&tokenizer.special().eos.unwrap()));
        }
    }

    #[test]
    fn character_decoding_restores_a_text_of_known_characters(
        text in prop::collection::vec(prop::sample::select(TRAINING.chars().collect::<Vec<_>>()), 0..60),
    ) {
        let text = String::from_iter(text);
        let ids = CHARACTERS.encode(&text).unwrap();
        prop_assert_eq!(ids.len(), text.chars().count());
        prop_assert_eq!(CHARACTERS.decode(&ids).unwrap(), text);
    }

    #[test]
    fn unigram_decoding_restores_a_text_of_known_characters(
        text in prop::collection::vec(prop::sample::select(TRAINING.chars().collect::<Vec<_>>()), 0..60),
    ) {
        let text = String::from_iter(text).replace('\n', " ");
        let ids = UNIGRAM.encode(&text).unwrap();
        prop_assert_eq!(UNIGRAM.decode(&ids).unwrap(), text.strip_prefix(' ').unwrap_or(&text));
    }
}
