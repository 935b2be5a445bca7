//! Translation and summarization.

use crosshead_models::GenerationDefaults;
use crosshead_tasks::{SearchOptions, Summarizer, TextToText, Translator};

use crate::tiny::{LINES, assert_close, bpe, encoder_decoder};

fn options(beams: usize) -> SearchOptions {
    GenerationDefaults {
        num_beams: beams,
        max_new_tokens: Some(6),
        ..GenerationDefaults::default()
    }
    .into()
}

fn translator(beams: usize) -> Translator {
    let tokenizer = bpe();
    Translator::new(encoder_decoder(&tokenizer), tokenizer, options(beams))
}

/// Sentences of different lengths, none in the order of length.
const SENTENCES: [&str; 4] = [LINES[1], "cat", LINES[4], "the rain"];

#[test]
fn a_batch_gives_what_single_calls_give() {
    for beams in [1, 3] {
        let translator = translator(beams);
        let together = translator.translate_with(&SENTENCES, |_| {}).unwrap();
        for (sentence, together) in SENTENCES.iter().zip(&together) {
            let alone = translator.translate_with(&[sentence], |_| {}).unwrap().remove(0);
            assert_eq!(together.text, alone.text, "{beams} beams: {sentence}");
            assert_close(&[together.score], &[alone.score]);
        }
        let texts: Vec<&str> = together.iter().map(|written| written.text.as_str()).collect();
        assert!(texts.iter().any(|text| *text != texts[0]), "the model ignores its source");
    }
}

#[test]
fn the_size_of_a_batch_changes_no_text() {
    let whole = translator(2).translate(&SENTENCES).unwrap();
    let pairs = translator(2).with_options(SearchOptions { batch_size: 2, ..options(2) });
    assert_eq!(pairs.translate(&SENTENCES).unwrap(), whole);
}

#[test]
fn a_blank_text_gives_a_blank_one_in_its_place() {
    let translator = translator(1);
    let mut done = Vec::new();
    let written = translator.translate_with(&["", "cat", " \t"], |count| done.push(count)).unwrap();
    let alone = translator.translate(&["cat"]).unwrap();
    assert!(!alone[0].is_empty());
    let texts: Vec<&str> = written.iter().map(|written| written.text.as_str()).collect();
    assert_eq!(texts, ["", alone[0].as_str(), ""]);
    assert_eq!(done, [3]);
}

#[test]
fn a_text_that_is_too_long_is_reported_and_cut() {
    let translator = translator(1);
    let long = LINES.join(" ");
    let longer = format!("{long} and more");
    let written = translator.translate_with(&["cat", &long, &longer], |_| {}).unwrap();
    let truncated: Vec<bool> = written.iter().map(|written| written.truncated).collect();
    assert_eq!(truncated, [false, true, true]);
    assert_eq!(written[1].text, written[2].text, "what is cut off is not read");
}

#[test]
fn the_prefix_is_read_before_each_text() {
    let with_prefix =
        translator(1).with_options(SearchOptions { prefix: "the old ".to_owned(), ..options(1) });
    assert_eq!(with_prefix.options().prefix, "the old ");
    let plain = translator(1);
    let whole = plain.translate(&["the old cat", "the old rain"]).unwrap();
    assert_eq!(with_prefix.translate(&["cat", "rain"]).unwrap(), whole);
    assert_ne!(plain.translate(&["cat", "rain"]).unwrap(), whole);
}

#[test]
fn the_number_of_new_tokens_is_a_limit() {
    let one = GenerationDefaults { max_new_tokens: Some(1), ..options(1).search };
    let short = translator(1).with_options(one.into()).translate(&SENTENCES).unwrap();
    let longer = translator(1).translate(&SENTENCES).unwrap();
    for (short, longer) in short.iter().zip(&longer) {
        assert!(longer.starts_with(short.as_str()), "{short:?} and {longer:?}");
    }
    assert_ne!(short, longer);
}

#[test]
fn a_summarizer_is_the_same_engine() {
    let tokenizer = bpe();
    let engine = TextToText::new(encoder_decoder(&tokenizer), tokenizer, options(2));
    let summaries = Summarizer::from(engine).summarize(&SENTENCES).unwrap();
    assert_eq!(summaries, translator(2).translate(&SENTENCES).unwrap());
}

#[test]
fn a_model_of_one_direction_has_no_languages() {
    let translator = translator(1);
    assert!(translator.languages().is_empty());
    assert_eq!(translator.target_language(), None);
    assert!(translator.with_languages(None, Some("de")).is_err());
}
