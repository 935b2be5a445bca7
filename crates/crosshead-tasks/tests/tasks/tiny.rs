//! Tiny models with random weights, and tokenizers trained on a few lines.

use std::error::Error;
use std::path::Path;

use burn::tensor::Device;
use crosshead_models::{
    ClassifierHead, Encoder, EncoderConfig, EncoderDecoder, EncoderDecoderConfig, MaskedLm,
    ModelConfig, SequenceClassifier, StackConfig, presets,
};
use crosshead_tokenize::{BpeConfig, SpecialRole, Tokenizer, WordPieceConfig};

/// Maximum length of the tiny models.
pub(crate) const MAX_LEN: usize = 16;

/// Training text of the tokenizers.
pub(crate) const LINES: [&str; 5] = [
    "the old cat sat on the mat",
    "a dog ran to the sea and back",
    "no one saw the small red ship",
    "it was late and the rain fell",
    "she told him a long story",
];

/// The result of adding files to a model directory.
pub(crate) type Added = Result<(), Box<dyn Error>>;

/// A tokenizer for an encoder-decoder.
pub(crate) fn bpe() -> Tokenizer {
    Tokenizer::train_bpe(LINES.into_iter(), &BpeConfig::new(60)).unwrap()
}

/// A tokenizer for an encoder, with a mask token.
pub(crate) fn word_piece() -> Tokenizer {
    Tokenizer::train_word_piece(LINES.into_iter(), &WordPieceConfig::new(60)).unwrap()
}

/// An encoder-decoder with the vocabulary of a tokenizer.
pub(crate) fn encoder_decoder(tokenizer: &Tokenizer) -> EncoderDecoder {
    let stack = StackConfig {
        d_model: 16,
        d_ff: 32,
        n_heads: 2,
        max_len: MAX_LEN,
        ..StackConfig::default()
    };
    let config = EncoderDecoderConfig {
        stack,
        n_encoder_layers: 1,
        n_decoder_layers: 1,
        tied_output: false,
        ..EncoderDecoderConfig::new(tokenizer.vocab_size())
    };
    config.init(5, &Device::flex())
}

/// An encoder with the vocabulary of a tokenizer.
pub(crate) fn encoder(tokenizer: &Tokenizer) -> Encoder {
    let ModelConfig::MaskedLm(base) = presets::find("tiny-encoder").unwrap().config() else {
        panic!("the preset is an encoder")
    };
    let config = EncoderConfig {
        vocab_size: tokenizer.vocab_size(),
        pad_id: tokenizer.special().require(SpecialRole::Pad).unwrap(),
        stack: StackConfig { max_len: MAX_LEN, ..base.stack },
        ..base
    };
    config.init(5, &Device::flex())
}

/// A classifier with three labels whose logits depend on the text.
pub(crate) fn classifier(tokenizer: &Tokenizer) -> SequenceClassifier {
    let labels = ["bad", "fair", "good"].map(str::to_owned);
    let model = SequenceClassifier::new(encoder(tokenizer), ClassifierHead::new(3));
    crosshead_testkit::jittered(model.with_labels(labels.into()), 0.2, 7)
}

/// A masked language model whose logits depend on the text.
pub(crate) fn masked_lm(tokenizer: &Tokenizer) -> MaskedLm {
    crosshead_testkit::jittered(MaskedLm::new(encoder(tokenizer)), 0.2, 7)
}

/// Adds a tokenizer to a model directory.
pub(crate) fn with_tokenizer(tokenizer: &Tokenizer) -> impl FnOnce(&Path) -> Added {
    |dir| Ok(tokenizer.save(dir)?)
}

/// Asserts that numbers are equal up to rounding.
#[track_caller]
pub(crate) fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{found} and {expected}");
    }
}
