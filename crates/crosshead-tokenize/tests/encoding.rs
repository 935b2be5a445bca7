//! Round trips, offsets and batches of any text.

use std::sync::LazyLock;

use crosshead_tokenize::{BpeConfig, Tokenizer};
use proptest::prelude::*;

const TRAINING: &str = include_str!("../fixtures/training.txt");

static TOKENIZER: LazyLock<Tokenizer> =
    LazyLock::new(|| Tokenizer::train_bpe(TRAINING.lines(), &BpeConfig::new(600)).unwrap());

/// Texts of characters in the training text.
fn seen() -> impl Strategy<Value = String> {
    let mut alphabet: Vec<char> = TRAINING.chars().filter(|&c| c != '\n').collect();
    alphabet.sort_unstable();
    alphabet.dedup();
    let letter = prop_oneof![4 => prop::sample::select(alphabet), 1 => Just(' ')];
    prop::collection::vec(letter, 0..40).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn decoding_restores_a_text_of_known_characters(text in seen()) {
        let ids = TOKENIZER.encode(&text).unwrap();
        let without_the_first_space = text.strip_prefix(' ').unwrap_or(&text);
        prop_assert_eq!(TOKENIZER.decode(&ids).unwrap(), without_the_first_space);
    }

    #[test]
    fn ids_of_any_text_are_inside_the_vocabulary(text in any::<String>()) {
        let ids = TOKENIZER.encode(&text).unwrap();
        prop_assert!(ids.iter().all(|&id| (id as usize) < TOKENIZER.vocab_size()));
        TOKENIZER.decode(&ids).unwrap();
    }

    #[test]
    fn no_text_encodes_to_eos_or_padding(
        parts in prop::collection::vec(prop_oneof![Just("</s>".to_owned()), Just("<pad>".to_owned()), seen()], 0..6),
    ) {
        let ids = TOKENIZER.encode(&parts.concat()).unwrap();
        let special = TOKENIZER.special();
        prop_assert!([special.eos, special.pad].iter().all(|id| !ids.contains(&id.unwrap())));
    }

    #[test]
    fn encoding_with_special_tokens_appends_eos(text in any::<String>()) {
        let mut ids = TOKENIZER.encode(&text).unwrap();
        ids.push(TOKENIZER.special().eos.unwrap());
        prop_assert_eq!(TOKENIZER.encode_with_special(&text).unwrap(), ids);
    }

    #[test]
    fn offsets_split_the_text_into_the_surface_forms_of_its_tokens(text in seen()) {
        let encoding = TOKENIZER.encode_with_offsets(&text).unwrap();
        prop_assert_eq!(&encoding.ids, &TOKENIZER.encode(&text).unwrap());
        let mut end = 0;
        for (index, (id, span)) in encoding.ids.iter().zip(encoding.offsets).enumerate() {
            let token = TOKENIZER.id_to_token(*id).unwrap().replace('▁', " ");
            if index == 0 && !text.starts_with(' ') {
                // The implied space has no bytes. If it is a separate token, it has the range of the first character.
                if token != " " {
                    prop_assert_eq!(&text[span.clone()], &token[1..]);
                    end = span.end;
                }
                continue;
            }
            prop_assert_eq!(span.start, end);
            prop_assert_eq!(&text[span.clone()], token);
            end = span.end;
        }
        prop_assert_eq!(end, text.len());
    }

    #[test]
    fn offsets_of_any_text_are_character_boundaries(text in any::<String>()) {
        for span in TOKENIZER.encode_with_offsets(&text).unwrap().offsets {
            prop_assert!(text.get(span).is_some());
        }
    }
}

#[test]
fn unknown_characters_become_unk() {
    let ids = TOKENIZER.encode("日本").unwrap();
    let unk = TOKENIZER.special().unk.unwrap();
    assert_eq!(ids.iter().filter(|&&id| id == unk).count(), 2);
}

#[test]
fn batches_keep_the_order_of_the_texts() {
    let texts: Vec<&str> = TRAINING.lines().collect();
    let one_by_one: Vec<Vec<u32>> =
        texts.iter().map(|text| TOKENIZER.encode_with_special(text).unwrap()).collect();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let batch = pool.install(|| TOKENIZER.encode_batch_with_special(&texts)).unwrap();
        assert_eq!(batch, one_by_one);
        assert_eq!(pool.install(|| TOKENIZER.decode_batch(&batch)).unwrap(), texts);
    }
}

#[test]
fn ids_outside_the_vocabulary_are_skipped() {
    let ids = TOKENIZER.encode("the").unwrap();
    assert_eq!(TOKENIZER.decode(&[&ids[..], &[600, u32::MAX]].concat()).unwrap(), "the");
}
