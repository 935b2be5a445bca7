//! Translation and summarization.

use crosshead_tasks::{
    DecodeOptions, Flow, Step, StopReason, Summarizer, TaskError, TextHooks, TextToText, Translator,
};

use crate::tiny::{LINES, assert_close, bpe, encoder_decoder};

fn options(beams: usize) -> DecodeOptions {
    DecodeOptions { beams: Some(beams), max_tokens: Some(6), ..DecodeOptions::default() }
}

fn engine(beams: usize) -> TextToText {
    let tokenizer = bpe();
    TextToText::new(encoder_decoder(&tokenizer), tokenizer).with_options(options(beams))
}

fn translator(beams: usize) -> Translator {
    engine(beams).into()
}

/// Sentences of different lengths, not sorted by length.
const SENTENCES: [&str; 4] = [LINES[1], "cat", LINES[4], "the rain"];

#[test]
fn batched_results_equal_single_results() {
    for beams in [1, 3] {
        let translator = translator(beams);
        let batched = translator.translate_with(&SENTENCES, TextHooks::none()).unwrap();
        for (sentence, batched) in SENTENCES.iter().zip(&batched) {
            let alone =
                translator.translate_with(&[sentence], TextHooks::none()).unwrap().remove(0);
            assert_eq!(batched.text, alone.text, "{beams} beams: {sentence}");
            assert_close(&[batched.score], &[alone.score]);
        }
        let texts: Vec<&str> = batched.iter().map(|written| written.text.as_str()).collect();
        assert!(texts.iter().any(|text| *text != texts[0]), "the model ignores its source");
    }
}

#[test]
fn texts_do_not_depend_on_the_batch_size() {
    let expected = translator(2).translate(&SENTENCES).unwrap();
    let pairs = translator(2).with_batch_size(2);
    assert_eq!(pairs.translate(&SENTENCES).unwrap(), expected);
}

#[test]
fn the_output_for_a_blank_text_is_blank() {
    let translator = translator(1);
    let mut done = Vec::new();
    let mut progress = |count| done.push(count);
    let hooks = TextHooks::none().with_progress(&mut progress);
    let written = translator.translate_with(&["", "cat", " \t"], hooks).unwrap();
    assert_eq!(written[0].stop, None);
    let alone = translator.translate(&["cat"]).unwrap();
    assert!(!alone[0].is_empty());
    let texts: Vec<&str> = written.iter().map(|written| written.text.as_str()).collect();
    assert_eq!(texts, ["", alone[0].as_str(), ""]);
    assert_eq!(done, [3]);
}

#[test]
fn a_text_that_is_too_long_is_truncated_and_reported() {
    let translator = translator(1);
    let long = LINES.join(" ");
    let longer = format!("{long} and more");
    let written = translator.translate_with(&["cat", &long, &longer], TextHooks::none()).unwrap();
    let truncated: Vec<bool> = written.iter().map(|written| written.truncated).collect();
    assert_eq!(truncated, [false, true, true]);
    assert_eq!(written[1].text, written[2].text, "the truncated part is ignored");
}

#[test]
fn the_prefix_is_prepended_to_each_text() {
    let with_prefix = translator(1).with_prefix("the old ");
    assert_eq!(with_prefix.prefix(), "the old ");
    let plain = translator(1);
    let expected = plain.translate(&["the old cat", "the old rain"]).unwrap();
    assert_eq!(with_prefix.translate(&["cat", "rain"]).unwrap(), expected);
    assert_ne!(plain.translate(&["cat", "rain"]).unwrap(), expected);
}

#[test]
fn the_number_of_new_tokens_is_a_limit() {
    let one = DecodeOptions { max_tokens: Some(1), ..options(1) };
    let short = translator(1).with_options(one).translate(&SENTENCES).unwrap();
    let longer = translator(1).translate(&SENTENCES).unwrap();
    for (short, longer) in short.iter().zip(&longer) {
        assert!(longer.starts_with(short.as_str()), "{short:?} and {longer:?}");
    }
    assert_ne!(short, longer);
}

#[test]
fn a_summarizer_uses_the_same_engine() {
    let summaries = Summarizer::from(engine(2)).summarize(&SENTENCES).unwrap();
    assert_eq!(summaries, translator(2).translate(&SENTENCES).unwrap());
}

#[test]
fn a_bilingual_model_has_no_languages() {
    let translator = translator(1);
    assert!(translator.languages().is_empty());
    assert_eq!(translator.target_language(), None);
    assert!(translator.with_languages(None, Some("de")).is_err());
}

#[test]
fn hooks_receive_the_index_of_each_text() {
    for beams in [1, 3] {
        let translator = translator(beams).with_batch_size(2);
        let expected = translator.translate_with(&SENTENCES, TextHooks::none()).unwrap();
        let mut streamed = [const { String::new() }; 4];
        let mut lengths = [0; 4];
        let mut on_text = |index: usize, piece: &str| {
            streamed[index].push_str(piece);
            Flow::Continue
        };
        let mut observer = |step: &Step<'_>| {
            step.tokens.iter().for_each(|chosen| lengths[chosen.sequence] += 1);
            Flow::Continue
        };
        let hooks = TextHooks::none().with_on_text(&mut on_text).with_observer(&mut observer);
        let written = translator.translate_with(&SENTENCES, hooks).unwrap();
        assert_eq!(written, expected);
        for (streamed, written) in streamed.iter().zip(&written) {
            assert_eq!(streamed, &written.text);
        }
        assert!(lengths.iter().all(|&len| (beams == 1) == (len > 0)), "{lengths:?}");
    }
}

#[test]
fn one_translation_stops_and_the_others_continue() {
    let translator = translator(1);
    let full = translator.translate_with(&SENTENCES, TextHooks::none()).unwrap();
    for stopped in 0..SENTENCES.len() {
        let mut observer = |step: &Step<'_>| match step.number {
            1 => Flow::Stop(vec![stopped]),
            _ => Flow::Continue,
        };
        let hooks = TextHooks::none().with_observer(&mut observer);
        let written = translator.translate_with(&SENTENCES, hooks).unwrap();
        for (index, (written, full)) in written.iter().zip(&full).enumerate() {
            if index == stopped {
                assert_eq!(written.stop, Some(StopReason::Cancelled));
                assert!(full.text.starts_with(&written.text), "{written:?}, {full:?}");
            } else {
                assert_eq!(written, full);
            }
        }
    }
}

#[test]
fn stopping_all_skips_the_remaining_batches() {
    let translator = translator(1).with_batch_size(1);
    let mut started = 0;
    let mut observer = |_: &Step<'_>| {
        started += 1;
        Flow::StopAll
    };
    let hooks = TextHooks::none().with_observer(&mut observer);
    let written = translator.translate_with(&SENTENCES, hooks).unwrap();
    assert_eq!(started, 1);
    assert!(written.iter().all(|written| written.stop == Some(StopReason::Cancelled)));
    assert!(written.iter().filter(|written| !written.text.is_empty()).count() <= 1);
}

#[test]
fn the_stop_reason_of_a_text_at_its_limit_is_the_length() {
    let written = translator(1).translate_with(&SENTENCES, TextHooks::none()).unwrap();
    for written in written {
        let stop = written.stop.unwrap();
        assert!(stop == StopReason::MaxLength || stop.end_token().is_some(), "{stop:?}");
    }
}

#[test]
fn sampling_options_are_an_error() {
    let options = DecodeOptions { top_k: Some(3), ..options(1) };
    let error = translator(1).with_options(options).translate(&SENTENCES).unwrap_err();
    assert!(matches!(error, TaskError::NotSampled { option: "top_k" }), "{error}");
}
