//! Saves a model of each norm order, with its tokenizer and what it computes, for `fixtures/check_saved_model.py`:
//!
//! ```sh
//! cargo run -p crosshead-tests --example save_models -- target/saved-models
//! ```

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use crosshead::Error;
use crosshead::blocks::NormOrder;
use crosshead::kernels::Mode;
use crosshead::models::{
    EncoderDecoder, EncoderDecoderConfig, GenerationDefaults, StackConfig, TokenBatch,
};
use crosshead::tokenize::{BpeConfig, Tokenizer};
use serde_json::{Value, json};

/// Sentences of different lengths, source and target.
const PAIRS: [(&str, &str); 3] = [
    ("one two", "eins zwei"),
    ("three four five six", "drei vier fünf sechs"),
    ("seven", "sieben"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::args().nth(1).ok_or("usage: save_models DIR")?;
    let lines = PAIRS.iter().flat_map(|(source, target)| [*source, *target]);
    let tokenizer = Tokenizer::train_bpe(lines, &BpeConfig::new(60))?;
    for (family, norm_order) in [("marian", NormOrder::Post), ("pegasus", NormOrder::Pre)] {
        let config = EncoderDecoderConfig {
            stack: StackConfig {
                d_model: 32,
                d_ff: 64,
                n_heads: 4,
                max_len: 64,
                norm_order,
                ..StackConfig::default()
            },
            n_encoder_layers: 2,
            n_decoder_layers: 2,
            ..EncoderDecoderConfig::new(tokenizer.vocab_size())
        };
        let model = config.init(7, &Device::flex());
        let dir = Path::new(&root).join(family);
        model.save_pretrained(&dir, GenerationDefaults::default(), |dir| {
            Ok::<(), Error>(tokenizer.save(dir)?)
        })?;
        fs::write(dir.join("check.json"), check(&model, &tokenizer)?.to_string())?;
    }
    Ok(())
}

/// The ids of each sentence and the logits that the model computes for them.
fn check(model: &EncoderDecoder, tokenizer: &Tokenizer) -> Result<Value, Error> {
    let (mut sources, mut inputs, mut logits) = (Vec::new(), Vec::new(), Vec::new());
    for (source, target) in PAIRS {
        let source = tokenizer.encode_with_special(source)?;
        let mut input = tokenizer.encode(target)?;
        input.insert(0, model.config().pad_id);
        let memory =
            model.encode(TokenBatch { ids: &source, lengths: &[source.len()] }, Mode::Eval);
        let states =
            model.decode(TokenBatch { ids: &input, lengths: &[input.len()] }, &memory, Mode::Eval);
        let values: Vec<f32> = model.logits(states).into_data().iter::<f32>().collect();
        logits.push(
            values.chunks(model.config().vocab_size).map(<[f32]>::to_vec).collect::<Vec<_>>(),
        );
        sources.push(source);
        inputs.push(input);
    }
    let text: Vec<&str> = PAIRS.iter().map(|(source, _)| *source).collect();
    Ok(json!({ "input_ids": sources, "decoder_input_ids": inputs, "logits": logits, "text": text }))
}
