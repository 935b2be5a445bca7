//! Attention maps and alignments.

use burn::tensor::Device;
use crosshead_models::{AttentionKind, CausalLmConfig, StackConfig};
use crosshead_tasks::{
    AlignmentLayer, AttentionHead, AttentionMap, AttentionMaps, AttentionToken, AttentionViewer,
    DecodeOptions, TaskError, TextHooks, TextToText,
};
use proptest::prelude::*;

use crate::tiny::{LINES, assert_close, bpe, encoder, encoder_decoder, word_piece};

fn writer() -> TextToText {
    let tokenizer = bpe();
    let options = DecodeOptions { max_tokens: Some(6), ..DecodeOptions::default() };
    TextToText::new(encoder_decoder(&tokenizer), tokenizer).with_options(options)
}

fn viewer() -> AttentionViewer {
    writer().into()
}

fn map(maps: &AttentionMaps, kind: AttentionKind, head: AttentionHead) -> AttentionMap {
    maps.of(kind).unwrap().map(0, head).unwrap()
}

fn texts(tokens: &[AttentionToken]) -> Vec<&str> {
    tokens.iter().map(|token| token.text.as_str()).collect()
}

fn sums(map: &AttentionMap) -> Vec<f32> {
    map.weights().iter().map(|row| row.iter().sum()).collect()
}

#[test]
fn an_encoder_decoder_has_three_kinds_with_the_tokens_of_their_sides() {
    let maps = viewer().maps("the old cat", Some("a dog ran")).unwrap();
    assert_eq!((maps.source(), maps.target()), ("the old cat", Some("a dog ran")));
    let kinds: Vec<AttentionKind> = maps.layers().iter().map(|layers| layers.kind()).collect();
    assert_eq!(kinds, AttentionKind::ALL);
    let of = |kind| map(&maps, kind, AttentionHead::Mean).to_words();
    let encoder = of(AttentionKind::Encoder);
    assert_eq!(texts(encoder.queries()), ["the", "old", "cat", "</s>"]);
    assert_eq!(encoder.keys(), encoder.queries());
    let cross = of(AttentionKind::Cross);
    assert_eq!(texts(cross.queries()), ["a", "dog", "ran", "</s>"]);
    assert_eq!(cross.keys(), encoder.keys());
    let decoder = of(AttentionKind::Decoder);
    assert_eq!(decoder.queries(), cross.queries());
    assert_eq!(texts(decoder.keys()), ["<pad>", "a", "dog", "ran"], "the target shifted right");
    let tokens = map(&maps, AttentionKind::Decoder, AttentionHead::Mean);
    for (row, weights) in tokens.weights().iter().enumerate() {
        assert!(weights[row + 1..].iter().all(|&weight| weight == 0.0), "{row} sees a later token");
    }
}

#[test]
fn the_default_target_is_the_translation() {
    let written = writer().write(&["the old cat"], TextHooks::none()).unwrap().remove(0).text;
    let maps = viewer().maps("the old cat", None).unwrap();
    assert_eq!(maps.target(), Some(written.as_str()));
}

#[test]
fn the_prefix_is_a_part_of_the_source() {
    let viewer = AttentionViewer::from(writer().with_prefix("a dog "));
    let maps = viewer.maps("the cat", Some("a")).unwrap();
    let words = map(&maps, AttentionKind::Encoder, AttentionHead::Mean).to_words();
    assert_eq!(texts(words.keys()), ["a", "dog", "the", "cat", "</s>"]);
}

#[test]
fn the_mean_of_the_heads_is_the_default() {
    let maps = viewer().maps(LINES[0], None).unwrap();
    let layers = maps.of(AttentionKind::Cross).unwrap();
    assert_eq!((layers.n_layers(), layers.n_heads()), (1, 2));
    let [first, second] =
        [0, 1].map(|head| layers.map(0, AttentionHead::Index(head)).unwrap().weights().concat());
    assert_ne!(first, second);
    let mean: Vec<f32> = first.iter().zip(&second).map(|(a, b)| (a + b) / 2.0).collect();
    assert_close(&layers.map(0, AttentionHead::default()).unwrap().weights().concat(), &mean);
}

#[test]
fn the_error_for_a_missing_map_has_the_number_of_layers_and_heads() {
    let maps = viewer().maps("the cat", None).unwrap();
    let layers = maps.of(AttentionKind::Cross).unwrap();
    let error = layers.map(1, AttentionHead::Mean).unwrap_err().to_string();
    assert!(error.contains("index 1 of cross attention") && error.contains("1 layers"), "{error}");
    let error = layers.map(0, AttentionHead::Index(2)).unwrap_err().to_string();
    assert!(error.contains("index 2 of cross attention") && error.contains("2 heads"), "{error}");
    let layer = AlignmentLayer::Index(1);
    assert!(matches!(
        writer().with_alignment(layer),
        Err(TaskError::NoAttentionLayer { layer: 1, n_layers: 1, .. })
    ));
}

#[test]
fn an_encoder_takes_a_pair() {
    let tokenizer = word_piece();
    let viewer = AttentionViewer::of_encoder(encoder(&tokenizer), tokenizer);
    let one = viewer.maps("the old cat", None).unwrap();
    let words = map(&one, AttentionKind::Encoder, AttentionHead::Mean).to_words();
    assert_eq!(texts(words.keys()), ["[CLS]", "the", "old", "cat", "[SEP]"]);
    let pair = viewer.maps("the cat", Some("a dog")).unwrap();
    let words = map(&pair, AttentionKind::Encoder, AttentionHead::Mean).to_words();
    assert_eq!(texts(words.keys()), ["[CLS]", "the", "cat", "[SEP]", "a", "dog", "[SEP]"]);
    let error = pair.of(AttentionKind::Cross).unwrap_err().to_string();
    assert!(error.contains("no cross attention") && error.contains("encoder"), "{error}");
}

#[test]
fn a_causal_model_has_one_text() {
    let tokenizer = bpe();
    let config = CausalLmConfig {
        stack: StackConfig {
            d_model: 16,
            d_ff: 32,
            n_heads: 2,
            max_len: 24,
            ..StackConfig::default()
        },
        n_layers: 2,
        ..CausalLmConfig::new(tokenizer.vocab_size())
    };
    let viewer = AttentionViewer::of_causal_lm(config.init(3, &Device::flex()), tokenizer);
    let maps = viewer.maps("the old cat", None).unwrap();
    let map = map(&maps, AttentionKind::Decoder, AttentionHead::Mean);
    assert_eq!(map.keys(), map.queries());
    assert_eq!(map.weights()[0][0], 1.0, "the first token sees only itself");
    for (row, weights) in map.weights().iter().enumerate() {
        assert!(weights[row + 1..].iter().all(|&weight| weight == 0.0), "{row} sees a later token");
    }
    let error = viewer.maps("the old cat", Some("sat")).unwrap_err();
    assert!(matches!(error, TaskError::NoAttentionTarget), "{error}");
}

#[test]
fn alignments_do_not_depend_on_the_batch_and_leave_the_text_unchanged() {
    let aligned = |size| {
        let writer =
            writer().with_alignment(AlignmentLayer::default()).unwrap().with_batch_size(size);
        writer.write(&[LINES[1], "", "cat", LINES[4]], TextHooks::none()).unwrap()
    };
    let plain = writer().write(&[LINES[1], "", "cat", LINES[4]], TextHooks::none()).unwrap();
    let (together, alone) = (aligned(32), aligned(1));
    for ((together, alone), plain) in together.iter().zip(&alone).zip(&plain) {
        assert_eq!((&together.text, together.score), (&plain.text, plain.score));
        assert_eq!(plain.alignment, None);
        let (Some(a), Some(b)) = (&together.alignment, &alone.alignment) else {
            assert!(plain.text.is_empty() && together.alignment.is_none());
            continue;
        };
        assert_eq!((&a.source, &a.target), (&b.source, &b.target));
        assert_close(&a.weights.concat(), &b.weights.concat());
    }
    assert_eq!(together[2].alignment.as_ref().unwrap().source, [0..3]);
}

#[test]
fn an_alignment_is_the_mean_cross_attention_of_words() {
    let source = "the old  cat sat";
    let writer = writer().with_prefix("a ").with_alignment(AlignmentLayer::default()).unwrap();
    let written = writer.write(&[source], TextHooks::none()).unwrap().remove(0);
    let alignment = written.alignment.unwrap();
    let words: Vec<&str> = alignment.source.iter().map(|word| &source[word.clone()]).collect();
    assert_eq!(words, ["the", "old", "cat", "sat"], "without the prefix and the end token");
    let maps = AttentionViewer::from(writer).maps(source, None).unwrap();
    let map = map(&maps, AttentionKind::Cross, AttentionHead::Mean).to_words();
    let of_words = |tokens: &[AttentionToken]| -> Vec<usize> {
        let tokens = tokens.iter().enumerate();
        tokens.filter(|(_, token)| token.span.is_some()).map(|(index, _)| index).collect()
    };
    let (rows, columns) = (of_words(map.queries()), of_words(map.keys()));
    assert_eq!(alignment.target.len(), rows.len());
    let expected: Vec<f32> = rows
        .iter()
        .flat_map(|&row| columns[1..].iter().map(move |&column| (row, column)))
        .map(|(row, column)| map.weights()[row][column])
        .collect();
    assert_close(&alignment.weights.concat(), &expected);
    for link in alignment.links() {
        let row = &alignment.weights[link.target];
        assert_eq!(row[link.source], link.weight);
        assert!(row.iter().all(|&weight| weight <= link.weight));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn merging_to_words_keeps_the_weight_of_each_query(text in "[a-z ,.é中]{1,24}") {
        let maps = viewer().maps(&text, Some("the old ship, fell.")).unwrap();
        for kind in AttentionKind::ALL {
            let map = map(&maps, kind, AttentionHead::Index(0));
            prop_assert_eq!(map.weights().len(), map.queries().len());
            for map in [map.to_words(), map] {
                prop_assert!(sums(&map).iter().all(|sum| (sum - 1.0).abs() < 1e-4));
                prop_assert!(map.weights().iter().all(|row| row.len() == map.keys().len()));
            }
        }
    }
}
