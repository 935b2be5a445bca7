//! Saves a model of each family, with its outputs, for `fixtures/check_saved_model.py`: new models with a tokenizer, and the
//! loaded fixtures of the families. Also saves an adapter (LoRA) of each fixture for `fixtures/check_saved_adapter.py`.
//!
//! ```sh
//! cargo run -p crosshead-tests --example save_models -- target/saved-models
//! ```

use std::fs;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use crosshead::Error;
use crosshead::blocks::{NormKind, NormOrder};
use crosshead::kernels::{Activation, LoraConfig, Mode, RandomKey};
use crosshead::models::{
    CausalLm, CausalLmConfig, Encoder, EncoderDecoder, EncoderDecoderConfig, GenerationDefaults,
    Head, Linears, LoraTargets, MaskedLm, ModelDirectory, PositionKind, SequenceClassifier,
    StackConfig, TokenBatch, TokenClassifier, adapt, set_adapter_base,
};
use crosshead::position::RotaryConfig;
use crosshead::tokenize::{BpeConfig, Tokenizer};
use crosshead::weights::parameters;
use crosshead_tests::fixture;
use serde_json::{Value, json};

/// Sentences of different lengths, source and target.
const PAIRS: [(&str, &str); 3] = [
    ("one two", "eins zwei"),
    ("three four five six", "drei vier fünf sechs"),
    ("seven", "sieben"),
];

/// Rows of ids for models without a tokenizer.
const ROWS: [&[u32]; 3] = [&[6, 17, 9, 2], &[30, 8, 21, 12, 7, 33, 2], &[11, 2]];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let root = std::env::args().nth(1).ok_or("usage: save_models DIR")?;
    let root = Path::new(&root);
    let lines = PAIRS.iter().flat_map(|(source, target)| [*source, *target]);
    let tokenizer = Tokenizer::train_bpe(lines, &BpeConfig::new(60))?;
    for (name, config) in encoder_decoders(tokenizer.vocab_size()) {
        let model = config.init(7, &Device::flex());
        save_encoder_decoder(&model, Some(&tokenizer), &root.join(name))?;
    }
    for (name, config) in causal_lms(tokenizer.vocab_size()) {
        let model = config.init(7, &Device::flex());
        save_causal_lm(&model, Some(&tokenizer), &root.join(name))?;
    }
    for entry in fs::read_dir(fixture(""))? {
        let name = entry?.file_name();
        if name.to_string_lossy().ends_with("-tiny") {
            let from = fixture(&name.to_string_lossy());
            save_again(&from, &root.join(&name), Adapter::None)?;
            let adapter = format!("lora-{}", name.to_string_lossy());
            save_again(&from, &root.join(adapter), Adapter::New)?;
        }
    }
    Ok(())
}

fn stack() -> StackConfig {
    StackConfig { d_model: 32, d_ff: 64, n_heads: 4, max_len: 64, ..StackConfig::default() }
}

fn encoder_decoders(vocab_size: usize) -> [(&'static str, EncoderDecoderConfig); 3] {
    let base = EncoderDecoderConfig {
        stack: stack(),
        n_encoder_layers: 2,
        n_decoder_layers: 2,
        ..EncoderDecoderConfig::new(vocab_size)
    };
    let pegasus = StackConfig { norm_order: NormOrder::Pre, ..stack() };
    let bart = StackConfig {
        positions: PositionKind::Learned { offset: 2 },
        embedding_norm: true,
        activation: Activation::Gelu,
        ..stack()
    };
    [
        ("marian", base.clone()),
        ("pegasus", EncoderDecoderConfig { stack: pegasus, ..base.clone() }),
        ("bart", EncoderDecoderConfig { stack: bart, ..base }),
    ]
}

fn causal_lms(vocab_size: usize) -> [(&'static str, CausalLmConfig); 2] {
    let gpt2 = CausalLmConfig {
        vocab_size,
        stack: StackConfig {
            positions: PositionKind::Learned { offset: 0 },
            norm_order: NormOrder::Pre,
            scale_embedding: false,
            activation: Activation::GeluTanh,
            ..stack()
        },
        n_layers: 2,
        tied_output: true,
        bos_id: Some(0),
        eos_id: Some(0),
        pad_id: None,
    };
    let llama = StackConfig {
        n_kv_heads: Some(2),
        qkv_bias: false,
        attention_out_bias: false,
        positions: PositionKind::Rotary(RotaryConfig::new(8)),
        norm: NormKind::Rms,
        activation: Activation::Silu,
        gated: true,
        feed_forward_bias: false,
        dropout: 0.0,
        ..gpt2.stack.clone()
    };
    [("gpt2", gpt2.clone()), ("llama", CausalLmConfig { stack: llama, ..gpt2 })]
}

/// What is saved of a loaded model.
#[derive(Clone, Copy)]
enum Adapter {
    /// The model.
    None,
    /// New low-rank updates of all linear layers.
    New,
}

impl Adapter {
    /// The model with the updates, if any.
    fn add<M: Module + Linears>(self, model: M, directory: &ModelDirectory) -> Result<M> {
        let config = LoraConfig::new(2).with_alpha(3.0);
        let model = match self {
            Self::None => return Ok(model),
            Self::New => {
                adapt(model, directory, config, &LoraTargets::all_linear(), RandomKey::new(1))?
            }
        };
        Ok(parameters::replace(model, |path, shape| {
            let values = RandomKey::new(2).stream(path).normal(shape.iter().product());
            path.ends_with(".lora.b").then(|| TensorData::new(values, shape.to_vec()))
        }))
    }
}

/// Loads the directory of a fixture and saves it again, or an adapter of it.
fn save_again(from: &Path, to: &Path, adapter: Adapter) -> Result<()> {
    let device = Device::flex();
    let nothing = |dir: &Path| Ok::<(), Error>(set_adapter_base(dir, from)?);
    let directory = ModelDirectory::open(from)?;
    match directory.head {
        Head::Seq2SeqLm => {
            let model = EncoderDecoder::from_pretrained(from, &device)?;
            save_encoder_decoder(&adapter.add(model, &directory)?, None, to)?;
            Ok(set_adapter_base(to, from)?)
        }
        Head::CausalLm => {
            let model = CausalLm::from_pretrained(from, &device)?;
            save_causal_lm(&adapter.add(model, &directory)?, None, to)?;
            Ok(set_adapter_base(to, from)?)
        }
        Head::MaskedLm => {
            let model = adapter.add(MaskedLm::from_pretrained(from, &device)?, &directory)?;
            model.save_pretrained(to, nothing)?;
            check(to, |tokens| rows(model.logits(tokens, None, Mode::Eval)))
        }
        Head::SequenceClassifier => {
            let model = SequenceClassifier::from_pretrained(from, &device)?;
            let model = adapter.add(model, &directory)?;
            model.save_pretrained(to, nothing)?;
            check(to, |tokens| rows(model.logits(tokens, None, Mode::Eval).unsqueeze()))
        }
        Head::TokenClassifier => {
            let model = TokenClassifier::from_pretrained(from, &device)?;
            let model = adapter.add(model, &directory)?;
            model.save_pretrained(to, nothing)?;
            check(to, |tokens| rows(model.logits(tokens, None, Mode::Eval)))
        }
        Head::Encoder => {
            let model = adapter.add(Encoder::from_pretrained(from, &device)?, &directory)?;
            model.save_pretrained(to, nothing)?;
            check(to, |tokens| rows(model.forward(tokens, None, Mode::Eval)))
        }
    }
}

fn save_encoder_decoder(
    model: &EncoderDecoder,
    tokenizer: Option<&Tokenizer>,
    dir: &Path,
) -> Result<()> {
    model.save_pretrained(dir, GenerationDefaults::default(), |dir| save(tokenizer, dir))?;
    let mut pairs: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
    match tokenizer {
        Some(tokenizer) => {
            for (source, target) in PAIRS {
                pairs.push((tokenizer.encode_with_special(source)?, tokenizer.encode(target)?));
            }
        }
        None => pairs.extend(ROWS.iter().map(|row| (row.to_vec(), row.to_vec()))),
    }
    let (mut sources, mut inputs, mut logits) = (Vec::new(), Vec::new(), Vec::new());
    for (source, target) in pairs {
        let input = [&[model.config().start_id], target.as_slice()].concat();
        let tokens = TokenBatch { ids: &source, lengths: &[source.len()] };
        let memory = model.encode(tokens, Mode::Eval);
        let tokens = TokenBatch { ids: &input, lengths: &[input.len()] };
        logits.push(rows(model.logits(model.decode(tokens, &memory, Mode::Eval))));
        sources.push(source);
        inputs.push(input);
    }
    let mut values = json!({ "input_ids": sources, "decoder_input_ids": inputs, "logits": logits });
    if tokenizer.is_some() {
        values["text"] = json!(PAIRS.map(|(source, _)| source));
    }
    Ok(fs::write(dir.join("check.json"), values.to_string())?)
}

fn save_causal_lm(model: &CausalLm, tokenizer: Option<&Tokenizer>, dir: &Path) -> Result<()> {
    model.save_pretrained(dir, GenerationDefaults::default(), |dir| save(tokenizer, dir))?;
    check(dir, |tokens| rows(model.logits(model.forward(tokens, Mode::Eval))))
}

fn save(tokenizer: Option<&Tokenizer>, dir: &Path) -> std::result::Result<(), Error> {
    Ok(tokenizer.map_or(Ok(()), |tokenizer| tokenizer.save(dir))?)
}

/// Writes the outputs of a model for each of the [`ROWS`].
fn check(dir: &Path, logits: impl Fn(TokenBatch<'_>) -> Vec<Vec<f32>>) -> Result<()> {
    let of_row = |ids: &&[u32]| logits(TokenBatch { ids, lengths: &[ids.len()] });
    let logits: Vec<Vec<Vec<f32>>> = ROWS.iter().map(of_row).collect();
    let values: Value = json!({ "input_ids": ROWS, "logits": logits });
    Ok(fs::write(dir.join("check.json"), values.to_string())?)
}

/// The values of each position of one row.
fn rows(x: Tensor<3>) -> Vec<Vec<f32>> {
    let [_, _, features] = x.dims();
    let values: Vec<f32> = x.into_data().iter::<f32>().collect();
    values.chunks(features).map(<[f32]>::to_vec).collect()
}
