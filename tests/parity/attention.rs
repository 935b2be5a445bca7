//! The attention weights of every architecture, compared with `transformers` (`fixtures/export_attention.py`).

use burn::tensor::{Tensor, TensorData};
use crosshead::models::{AttentionWeights, CausalLm, Encoder, EncoderDecoder, TokenBatch};
use crosshead_testkit::{Fixture, assert_close};
use crosshead_tests::{device, fixture};

const ENCODER_DECODERS: [&str; 3] = ["opus-mt-tiny", "bart-tiny", "t5-tiny"];
const CAUSAL_LMS: [&str; 3] = ["gpt2-tiny", "llama-tiny", "mistral-tiny"];
const ENCODERS: [&str; 4] =
    ["bert-encoder-tiny", "roberta-encoder-tiny", "distilbert-encoder-tiny", "albert-encoder-tiny"];

struct Rows {
    ids: Vec<u32>,
    lengths: Vec<usize>,
}

impl Rows {
    fn read(file: &Fixture, name: &str) -> Self {
        let lengths = file.ints(&format!("{name}_lengths"));
        Self {
            ids: file.ints(name).into_iter().map(|id| id as u32).collect(),
            lengths: lengths.into_iter().map(|length| length as usize).collect(),
        }
    }

    fn tokens(&self) -> TokenBatch<'_> {
        TokenBatch { ids: &self.ids, lengths: &self.lengths }
    }

    /// 1 for the queries that are not padding, `[batch, 1, len, 1]`.
    fn mask(&self) -> Tensor<4> {
        let (batch, len) = (self.lengths.len(), self.ids.len() / self.lengths.len());
        let of_row = |&length: &usize| (0..len).map(move |at| f32::from(u8::from(at < length)));
        let mask: Vec<f32> = self.lengths.iter().flat_map(of_row).collect();
        Tensor::from_data(TensorData::new(mask, [batch, 1, len, 1]), &device())
    }
}

fn open() -> Fixture {
    Fixture::open(fixture("attention.safetensors"))
}

/// Compares the weights of each layer, apart from padded queries.
#[track_caller]
fn assert_weights(file: &Fixture, name: &str, found: &[Tensor<4>], queries: &Rows) {
    let expected: Tensor<5> = file.tensor(name, &device());
    assert_eq!(found.len(), expected.dims()[0], "{name}: number of layers");
    for (layer, found) in found.iter().enumerate() {
        let expected: Tensor<4> = expected.clone().narrow(0, layer, 1).squeeze_dim(0);
        assert_close(&(found.clone() * queries.mask()), &expected, 1e-5, 1e-4);
    }
}

#[test]
fn encoder_decoders_attend_like_those_of_transformers() {
    let file = open();
    for name in ENCODER_DECODERS {
        let model = EncoderDecoder::from_pretrained(&fixture(name), &device()).unwrap();
        let [source, target] =
            ["source", "target"].map(|side| Rows::read(&file, &format!("{name}.{side}")));
        let weights = model.attention(source.tokens(), target.tokens());
        assert_weights(&file, &format!("{name}.encoder"), &weights.encoder, &source);
        assert_weights(&file, &format!("{name}.decoder"), &weights.decoder, &target);
        assert_weights(&file, &format!("{name}.cross"), &weights.cross, &target);
    }
}

#[test]
fn causal_models_attend_like_those_of_transformers() {
    let file = open();
    for name in CAUSAL_LMS {
        let model = CausalLm::from_pretrained(&fixture(name), &device()).unwrap();
        let rows = Rows::read(&file, &format!("{name}.tokens"));
        let AttentionWeights { encoder, decoder, cross } = model.attention(rows.tokens());
        assert_weights(&file, &format!("{name}.decoder"), &decoder, &rows);
        assert!(encoder.is_empty() && cross.is_empty());
    }
}

#[test]
fn encoders_attend_like_those_of_transformers() {
    let file = open();
    for name in ENCODERS {
        let model = Encoder::from_pretrained(&fixture(name), &device()).unwrap();
        let rows = Rows::read(&file, &format!("{name}.tokens"));
        let types = format!("{name}.types");
        let types: Option<Vec<u32>> = file
            .contains(&types)
            .then(|| file.ints(&types).into_iter().map(|of_token| of_token as u32).collect());
        let AttentionWeights { encoder, decoder, cross } =
            model.attention(rows.tokens(), types.as_deref());
        assert_weights(&file, &format!("{name}.encoder"), &encoder, &rows);
        assert!(decoder.is_empty() && cross.is_empty());
    }
}
