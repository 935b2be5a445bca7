//! Translation and summarization.

use crosshead_tasks::{
    DecodeOptions, Flow, RankedPair, Required, Step, StopReason, Summarizer, TaskError, TextHooks,
    TextToText, Translator,
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
fn the_length_of_the_source_limits_the_number_of_new_tokens() {
    let limited = |ratio, offset| {
        translator(1).with_options(DecodeOptions {
            max_length_ratio: ratio,
            max_length_offset: offset,
            max_tokens: Some(14),
            min_tokens: Some(14),
            ..options(1)
        })
    };
    let tokenizer = bpe();
    for (ratio, offset) in [(0.01, 0), (0.34, 2), (1.0, 1), (1.5, 0)] {
        let translator = limited(Some(ratio), Some(offset));
        let written = translator.translate_with(&SENTENCES, TextHooks::none()).unwrap();
        for (sentence, written) in SENTENCES.iter().zip(written) {
            // Special tokens count.
            let source = tokenizer.encode_with_special(sentence).unwrap().len();
            let limit = ((source as f32 * ratio).ceil() as usize + offset).min(14);
            assert_eq!(written.n_best[0].tokens.len(), limit, "{ratio}, {offset}: {sentence}");
        }
    }
    for (ratio, offset, name) in
        [(Some(0.0), None, "max_length_ratio"), (None, Some(1), "max_length_offset")]
    {
        let error = limited(ratio, offset).translate(&SENTENCES).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
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
fn samples_depend_on_the_seed_and_not_on_the_batches() {
    let sampling = |seed| DecodeOptions {
        temperature: Some(1.0),
        seed: Some(seed),
        beams: None,
        ..options(1)
    };
    let sample = |seed, size| {
        translator(1)
            .with_options(sampling(seed))
            .with_batch_size(size)
            .translate(&SENTENCES)
            .unwrap()
    };
    assert_eq!(sample(3, 32), sample(3, 1));
    assert_ne!(sample(3, 32), sample(4, 32));
    let hooks = || TextHooks::none().with_first_sequence(2);
    let engine = engine(1).with_options(sampling(3));
    let last: Vec<String> = engine
        .write(&SENTENCES[2..], hooks())
        .unwrap()
        .into_iter()
        .map(|written| written.text)
        .collect();
    assert_eq!(last, sample(3, 32)[2..]);
}

#[test]
fn the_n_best_are_sorted_and_have_their_tokens() {
    let options = DecodeOptions { n_best: Some(3), alternatives: 2, ..options(4) };
    let written = engine(4).with_options(options).write(&SENTENCES, TextHooks::none()).unwrap();
    let best = engine(4).write(&SENTENCES, TextHooks::none()).unwrap();
    for (written, best) in written.iter().zip(&best) {
        assert_eq!((written.n_best.len(), best.n_best.len()), (3, 1));
        assert_eq!(written.text, best.text);
        assert_eq!(written.text, written.n_best[0].text);
        assert!(written.n_best.is_sorted_by(|a, b| a.score >= b.score));
        for candidate in &written.n_best {
            let sum: f32 = candidate.tokens.iter().map(|token| token.log_prob).sum();
            assert_close(&[sum], &[candidate.log_prob]);
            assert!(candidate.tokens.iter().all(|token| token.alternatives.len() == 2));
        }
    }
}

#[test]
fn outputs_begin_with_the_prefix_and_stop_at_a_text() {
    let with =
        |options| engine(1).with_options(options).write(&SENTENCES, TextHooks::none()).unwrap();
    let prefixed = DecodeOptions { target_prefix: Some("the dog".into()), ..options(2) };
    let mut streamed = vec![String::new(); SENTENCES.len()];
    let mut on_text = |index: usize, piece: &str| {
        streamed[index].push_str(piece);
        Flow::Continue
    };
    let hooks = TextHooks::none().with_on_text(&mut on_text);
    let engine = engine(1).with_options(prefixed.clone());
    engine.write(&SENTENCES, hooks).unwrap();
    for (written, streamed) in with(prefixed).iter().zip(streamed) {
        assert!(written.text.starts_with("the dog"), "{written:?}");
        assert_eq!(written.text, streamed);
    }
    let full = with(options(1));
    // A text that some output has before its end.
    let (at, stop) = full
        .iter()
        .enumerate()
        .find_map(|(at, written)| {
            Some((at, written.text.chars().nth(written.text.chars().count() / 2)?))
        })
        .unwrap();
    let stopped = with(DecodeOptions { stop_strings: vec![stop.into()], ..options(1) });
    assert_eq!(stopped[at].stop, Some(StopReason::StopRule));
    assert!(full[at].text.starts_with(&stopped[at].text) && stopped[at].text.contains(stop));
}

#[test]
fn copied_drafts_do_not_change_texts() {
    let with = |options| engine(1).with_options(options).write(&SENTENCES, TextHooks::none());
    for prefix in [None, Some("the dog".to_owned())] {
        let plain = DecodeOptions { max_tokens: Some(12), target_prefix: prefix, ..options(1) };
        let expected = with(plain.clone()).unwrap();
        let found = with(DecodeOptions { prompt_lookup: Some(4), ..plain }).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!((&found.text, found.stop), (&expected.text, expected.stop));
            let counts = found.drafts.unwrap();
            assert_eq!(counts.passes + counts.accepted, found.n_best[0].tokens.len());
            assert_eq!(expected.drafts, None);
        }
    }
    let lookup = DecodeOptions { prompt_lookup: Some(4), ..options(1) };
    for (options, name) in [
        (DecodeOptions { beams: Some(2), ..lookup.clone() }, "--beams 1"),
        (DecodeOptions { temperature: Some(1.0), ..lookup.clone() }, "--temperature 0"),
        (DecodeOptions { force_words: vec!["ship".into()], ..lookup.clone() }, "--force-words"),
        (DecodeOptions { prompt_lookup: Some(0), ..lookup }, "1 or more"),
    ] {
        let error = with(options).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn required_texts_occur_and_other_outputs_do_not_change() {
    let longer = |beams| DecodeOptions { max_tokens: Some(12), ..options(beams) };
    let required = [
        vec![Required::new(["ship"]).with_whole_words(true)],
        vec![],
        vec![Required::new(["story"]), Required::new(["the", "dog"]).with_whole_words(true)],
        vec![Required::new(["rain"]), Required::new(["rain"])],
    ];
    let engine = engine(2).with_options(longer(2));
    let free = engine.write(&SENTENCES, TextHooks::none()).unwrap();
    let found = engine.write(&SENTENCES, TextHooks::none().with_required(&required)).unwrap();
    // Other batches change the last bits of the scores.
    assert_eq!((&found[1].text, found[1].stop), (&free[1].text, free[1].stop));
    assert_close(&[found[1].score], &[free[1].score]);
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(words(&found[0].text).contains(&"ship".to_owned()), "{}", found[0].text);
    assert!(found[2].text.contains("story"), "{}", found[2].text);
    let either = words(&found[2].text).iter().any(|word| word == "the" || word == "dog");
    assert!(either, "{}", found[2].text);
    assert!(found[3].text.matches("rain").count() >= 2, "{}", found[3].text);
}

#[test]
fn bad_words_do_not_occur_and_a_time_limit_cuts() {
    let with =
        |options| engine(1).with_options(options).write(&SENTENCES, TextHooks::none()).unwrap();
    let full = with(options(1));
    let word = "and".to_owned();
    assert!(full[0].text.contains(&word), "{}", full[0].text);
    let without = with(DecodeOptions { bad_words: vec![word.clone()], ..options(1) });
    assert!(!without[0].text.contains(&word), "{}", without[0].text);
    let limited = with(DecodeOptions { time_limit: Some(0.0), ..options(1) });
    for (limited, full) in limited.iter().zip(&full) {
        assert_eq!(limited.stop, Some(StopReason::TimeLimit));
        assert_eq!(limited.n_best[0].tokens[..], full.n_best[0].tokens[..1]);
    }
    let error = engine(1)
        .with_options(DecodeOptions { time_limit: Some(-1.0), ..options(1) })
        .write(&SENTENCES, TextHooks::none())
        .unwrap_err();
    assert!(matches!(error, TaskError::TimeLimit { .. }), "{error}");
}

#[test]
fn pairs_have_the_same_scores_alone_and_in_a_batch() {
    let engine = engine(1);
    let pairs: Vec<(&str, &str)> = SENTENCES.iter().copied().zip(LINES).collect();
    let ranked = engine.rank(&pairs).unwrap();
    for (pair, ranked) in pairs.iter().zip(&ranked) {
        let alone = engine.rank(&[*pair]).unwrap().remove(0);
        let log_probs = |ranked: &RankedPair| -> Vec<f32> {
            ranked.target.tokens.iter().map(|token| token.log_prob).collect()
        };
        assert_close(&log_probs(ranked), &log_probs(&alone));
        assert_eq!(ranked.target.text, pair.1);
        assert!(ranked.target.stop.end_token().is_some());
        assert_close(&[log_probs(ranked).iter().sum()], &[ranked.target.log_prob]);
    }
}
