//! int8 models of every family: quantized directories load and stay close to the original.

use std::fs;
use std::path::Path;

use crosshead::ComputeType;
use crosshead::kernels::{Mode, computes_int8};
use crosshead::models::{
    CausalLm, Encoder, EncoderDecoder, MaskedLm, SequenceClassifier, TokenBatch, quantize_directory,
};
use crosshead_tests::{device, fixture};
use tempfile::tempdir;

use crate::families::{CAUSAL_LMS, ENCODER_DECODERS, ENCODERS};

const ROW: TokenBatch<'static> = TokenBatch { ids: &[6, 17, 30, 9, 11, 8], lengths: &[6] };

/// The outputs of a model for one row.
fn outputs(dir: &Path, name: &str, compute_type: ComputeType) -> Vec<f32> {
    let device = device();
    let data = if ENCODER_DECODERS.iter().any(|(other, _)| *other == name) {
        let model = compute_type.apply(EncoderDecoder::from_pretrained(dir, &device).unwrap());
        let memory = model.encode(ROW, Mode::Eval);
        model.logits(model.decode(ROW, &memory, Mode::Eval)).into_data()
    } else if CAUSAL_LMS.iter().any(|(other, _)| *other == name) {
        let model = compute_type.apply(CausalLm::from_pretrained(dir, &device).unwrap());
        model.logits(model.forward(ROW, Mode::Eval)).into_data()
    } else {
        let model = compute_type.apply(Encoder::from_pretrained(dir, &device).unwrap());
        model.forward(ROW, None, Mode::Eval).into_data()
    };
    data.try_into_vec().unwrap()
}

/// The cosine of the angle between two vectors.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn every_family_in_int8_is_close_to_f32() {
    let names = ENCODER_DECODERS.iter().chain(&CAUSAL_LMS).map(|(name, _)| *name);
    for name in names.chain(ENCODERS.iter().map(|(name, _, _)| *name)) {
        let (dir, out) = (fixture(name), tempdir().unwrap());
        let quantized = out.path().join("int8");
        quantize_directory(&dir, &quantized, &device(), |_| Ok(())).unwrap();
        let exact = outputs(&dir, name, ComputeType::Auto);
        let int8 = outputs(&quantized, name, ComputeType::Auto);
        let similarity = cosine(&exact, &int8);
        assert!(similarity > 0.99 && similarity < 1.0, "{name}: {similarity}");
        // Quantizing at load time gives the same bits as quantizing the file.
        if computes_int8(&device()) {
            assert!(outputs(&dir, name, ComputeType::Int8) == int8, "{name}");
        }
        let dequantized = outputs(&quantized, name, ComputeType::F32);
        assert!(cosine(&exact, &dequantized) > 0.99, "{name}");
        let sizes = [&dir, &quantized]
            .map(|dir| fs::metadata(dir.join("model.safetensors")).unwrap().len());
        assert!(sizes[1] < sizes[0], "{name}: {sizes:?}");
    }
}

#[test]
fn heads_load_in_int8() {
    let out = tempdir().unwrap();
    for name in ["bert-tiny", "albert-tiny", "roberta-classifier-tiny"] {
        let quantized = out.path().join(name);
        quantize_directory(&fixture(name), &quantized, &device(), |_| Ok(())).unwrap();
        let pair = [fixture(name), quantized].map(|dir| match name {
            "roberta-classifier-tiny" => {
                let model = SequenceClassifier::from_pretrained(&dir, &device()).unwrap();
                model.logits(ROW, None, Mode::Eval).into_data().try_into_vec::<f32>().unwrap()
            }
            _ => {
                let model = MaskedLm::from_pretrained(&dir, &device()).unwrap();
                model.logits(ROW, None, Mode::Eval).into_data().try_into_vec::<f32>().unwrap()
            }
        });
        assert!(cosine(&pair[0], &pair[1]) > 0.99, "{name}");
    }
}

#[test]
fn training_or_quantizing_an_int8_model_is_an_error() {
    let out = tempdir().unwrap();
    let quantized = out.path().join("int8");
    quantize_directory(&fixture("llama-tiny"), &quantized, &device(), |_| Ok(())).unwrap();
    let error = CausalLm::from_pretrained(&quantized, &device().autodiff()).unwrap_err();
    let again = quantize_directory(&quantized, &out.path().join("again"), &device(), |_| Ok(()));
    let taken = quantize_directory(&fixture("llama-tiny"), &quantized, &device(), |_| Ok(()));
    for (error, said) in [
        (error, "cannot be trained"),
        (again.unwrap_err(), "int8 already"),
        (taken.unwrap_err(), "already exists"),
    ] {
        let message = error.to_string();
        assert!(message.contains(said) && message.contains("int8"), "{message}");
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1, "no partial files may be left");
}
