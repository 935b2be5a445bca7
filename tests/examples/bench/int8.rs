//! Models with int8 weights for the benchmarks.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::Command;

use burn::tensor::Device;
use crosshead::models::{
    Encoder, EncoderDecoder, EncoderDecoderConfig, GenerationDefaults, ModelError,
};
use crosshead::tasks::quantize;

use crate::inference::{large, minilm, small};

/// Names of models for [`save`].
pub(crate) const SMALL: &str = "small";
pub(crate) const LARGE: &str = "large";
pub(crate) const MINILM: &str = "minilm";

/// A model for decoding, quantized by another process, so that the memory of this one holds only the int8 weights.
pub(crate) fn encoder_decoder(name: &str) -> EncoderDecoder {
    quantized(name, |dir| EncoderDecoder::from_pretrained(dir, &Device::flex()))
}

/// An encoder, quantized by another process.
pub(crate) fn encoder(name: &str) -> Encoder {
    quantized(name, |dir| Encoder::from_pretrained(dir, &Device::flex()))
}

fn quantized<M>(name: &str, load: impl FnOnce(&Path) -> Result<M, ModelError>) -> M {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = env::current_exe().expect("the path of this program");
    let dir = folder.path().join("model");
    let status = Command::new(program).arg("save").arg(name).arg(&dir).status();
    assert!(status.is_ok_and(|status| status.success()), "cannot save the model {name}");
    load(&dir).expect("a model directory")
}

/// Writes the model `name` to the model directory `dir`, with int8 weights.
///
/// # Errors
/// If the name is unknown or a file cannot be written.
pub(crate) fn save(name: &str, dir: &Path) -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let f32 = dir.with_file_name("f32");
    let translator = |config: EncoderDecoderConfig| {
        let model = config.init(1, &device);
        model.save_pretrained(&f32, GenerationDefaults::default(), no_other_files)
    };
    match name {
        SMALL => translator(small())?,
        LARGE => translator(large())?,
        MINILM => minilm().init(1, &device).save_pretrained(&f32, no_other_files)?,
        _ => return Err(format!("unknown model: {name}").into()),
    }
    Ok(quantize(&f32, dir, &device)?)
}

fn no_other_files(_dir: &Path) -> Result<(), Box<dyn Error>> {
    Ok(())
}
