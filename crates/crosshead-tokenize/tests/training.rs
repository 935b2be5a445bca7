//! Properties of a trained BPE vocabulary.

use std::collections::HashSet;

use crosshead_tokenize::{
    BpeConfig, SpecialIds, TokenizeError, Tokenizer, UnigramConfig, sentinel,
};

const TRAINING: &str = include_str!("../fixtures/training.txt");

fn train(lines: &[&str], vocab_size: usize) -> Result<Tokenizer, TokenizeError> {
    Tokenizer::train_bpe(lines.iter().copied(), &BpeConfig::new(vocab_size))
}

fn trained(vocab_size: usize) -> Tokenizer {
    Tokenizer::train_bpe(TRAINING.lines(), &BpeConfig::new(vocab_size)).unwrap()
}

fn json_with_threads(threads: usize) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| trained(600).to_json().unwrap())
}

#[test]
fn the_vocabulary_has_exactly_the_requested_size() {
    for vocab_size in [200, 333, 600] {
        let tokenizer = trained(vocab_size);
        let tokens: HashSet<String> =
            (0..vocab_size as u32).filter_map(|id| tokenizer.id_to_token(id)).collect();
        assert_eq!(tokenizer.vocab_size(), vocab_size);
        assert_eq!(tokens.len(), vocab_size);
        assert_eq!(tokenizer.id_to_token(vocab_size as u32), None);
    }
}

#[test]
fn a_text_with_few_pairs_gives_a_smaller_vocabulary() {
    let tokenizer = train(&["ab"], 1000).unwrap();
    // </s> <unk> a b ▁ ▁a|ab ▁ab <pad>
    assert_eq!(tokenizer.vocab_size(), 8);
    assert_eq!(tokenizer.special().pad, Some(7));
}

#[test]
fn special_tokens_have_the_documented_ids() {
    let tokenizer = trained(600);
    let expected =
        SpecialIds { eos: Some(0), unk: Some(1), pad: Some(599), ..SpecialIds::default() };
    assert_eq!(tokenizer.special(), expected);
    assert_eq!(tokenizer.token_to_id("</s>"), Some(0));
    assert_eq!(tokenizer.token_to_id("<unk>"), Some(1));
    assert_eq!(tokenizer.token_to_id("<pad>"), Some(599));
}

#[test]
fn training_twice_gives_identical_bytes() {
    assert_eq!(trained(600).to_json().unwrap(), trained(600).to_json().unwrap());
}

#[test]
fn threads_do_not_change_the_tokenizer() {
    let one = json_with_threads(1);
    assert_eq!(one, json_with_threads(2));
    assert_eq!(one, json_with_threads(5));
}

#[test]
fn pairs_below_the_minimum_frequency_are_not_merged() {
    let lines = ["abab abab cd"];
    let config = BpeConfig::new(100).with_min_frequency(2);
    let tokenizer = Tokenizer::train_bpe(lines.into_iter(), &config).unwrap();
    assert!(tokenizer.token_to_id("▁abab").is_some());
    assert!(tokenizer.token_to_id("cd").is_none());
    assert!(tokenizer.token_to_id("▁c").is_none());
}

#[test]
fn a_vocabulary_size_below_the_alphabet_names_the_smallest_possible_size() {
    for vocab_size in [0, 1, 2, 3, 6] {
        let error = train(&["abc"], vocab_size).unwrap_err();
        assert!(matches!(error, TokenizeError::VocabularyTooSmall { smallest: 7, .. }), "{error}");
        assert!(error.to_string().contains("at least 7"));
    }
    assert_eq!(train(&["abc"], 7).unwrap().vocab_size(), 7);
}

#[test]
fn training_without_text_is_an_error() {
    for lines in [&[][..], &[""], &[" ", "\t"]] {
        assert!(matches!(train(lines, 100), Err(TokenizeError::EmptyText)), "{lines:?}");
    }
}

#[test]
fn special_tokens_spelled_out_in_the_training_text_do_not_become_tokens() {
    let lines = ["<pad><pad></s> end", "a</s>b <unk>c", "<pad> </s> <pad> <unk>"].repeat(20);
    let tokenizer = train(&lines, 200).unwrap();
    let special = tokenizer.special();
    assert_eq!(special.pad, Some(tokenizer.vocab_size() as u32 - 1));
    for line in lines {
        let ids = tokenizer.encode(line).unwrap();
        assert!([special.eos, special.pad].iter().all(|id| !ids.contains(&id.unwrap())), "{line}");
    }
}

#[test]
fn sentinels_are_the_last_tokens_before_padding() {
    let text = "the cat sat on the mat. the dog sat on the cat.";
    let bpe = Tokenizer::train_bpe(text.lines(), &BpeConfig::new(40).with_sentinels(3)).unwrap();
    let config = UnigramConfig::new(40).with_sentinels(3);
    let unigram = Tokenizer::train_unigram(text.lines(), &config).unwrap();
    for tokenizer in [bpe, unigram] {
        let n = tokenizer.vocab_size() as u32;
        assert!(n <= 40);
        for (index, id) in (0..3).zip(n - 4..) {
            assert_eq!(tokenizer.token_to_id(&sentinel(index)), Some(id));
        }
        assert_eq!(tokenizer.special().pad, Some(n - 1));
        // Spelled out in a text, a sentinel is ordinary text.
        let ids = tokenizer.encode("<extra_id_0>").unwrap();
        assert!(!ids.contains(&(n - 4)), "{ids:?}");
    }
}
