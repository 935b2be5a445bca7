//! Encoder-decoders and causal language models in model directories.

use std::path::Path;

use burn::tensor::{Device, TensorData};

use super::config_file::ConfigFile;
use super::families::{self, CAUSAL_LMS, Config, ENCODER_DECODERS};
use super::load::Weights;
use super::names::Names;
use super::{GenerationDefaults, Head, ModelFiles, ctranslate2, save, write_model};
use crate::{
    CausalLm, CausalLmConfig, EncoderDecoder, EncoderDecoderConfig, ModelConfig, ModelError,
};

impl EncoderDecoder {
    /// Loads an encoder-decoder from a model directory: `config.json` and the weights (see [`TensorSource::open`](crosshead_weights::TensorSource::open)).
    /// CTranslate2 directories load too; their quantized weights are converted to f32. So do adapter directories of PEFT
    /// (LoRA) whose base model is a directory.
    ///
    /// # Errors
    /// If a file is missing or malformed, or the files do not match. The error names the file, and the tensor or key.
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::from_files(&ModelFiles::open(dir)?, device)
    }

    /// Loads the model of these files. The updates of an adapter are added to the weights.
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if the adapter does not fit the model.
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, ModelError> {
        let dir = files.dir();
        if ctranslate2::is_directory(dir) {
            let directory = ctranslate2::Directory::open(dir)?;
            let ModelConfig::EncoderDecoder(config) = &directory.config else {
                return Err(directory.not_a(EncoderDecoderConfig::KIND));
            };
            return directory.weights().fill(config.skeleton(device));
        }
        let file = ConfigFile::open(dir)?;
        let family = families::find(ENCODER_DECODERS, &file)?;
        let mut config = families::read(family, &file)?;
        let names = |config: &_| family.names(config, Head::Seq2SeqLm);
        let checkpoint = files.checkpoint(&names(&config))?;
        let weights = |config: &_| Weights::new(&checkpoint, names(config));
        // As in transformers, a separate tensor in the file overrides `tie_word_embeddings`.
        config.tied_output = config.tied_output && !weights(&config).has_untied_output()?;
        let filled = weights(&config).fill(
            |device| config.skeleton(device),
            &config.expected_shapes(),
            device,
        );
        files.adapt(filled?, &names(&config), Head::Seq2SeqLm)
    }

    /// Writes a model directory that this crate and `transformers` can load: `config.json`, `generation_config.json`
    /// and `model.safetensors`. `extra` adds files, such as a tokenizer. The `model_type` is the first family that can
    /// express the model, or `crosshead`, which only this crate loads.
    ///
    /// The directory is replaced atomically.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        generation: GenerationDefaults,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let (config, head) = (self.config(), Head::Seq2SeqLm);
        let (family, keys) = families::write(ENCODER_DECODERS, config, head, dir, |_, _| Some(()));
        write_model(dir, keys, extra, |dir| {
            generation.write_for_encoder_decoder(config, dir)?;
            let names = family.names(config, head);
            save::save(self, &names, head, self.sinusoids(&names), dir)
        })
    }

    /// The sinusoidal tables, for families that store them in their files.
    fn sinusoids(&self, names: &Names) -> Vec<(&'static str, TensorData)> {
        let (stack, device) = (&self.config().stack, self.device());
        let inputs = [&self.encoder_input, &self.decoder_input].into_iter();
        inputs
            .zip(names.sinusoids)
            .filter_map(|(input, name)| {
                let positions = input.positions.as_ref()?;
                Some((*name, positions.forward(0, stack.max_len, &device).into_data()))
            })
            .collect()
    }
}

impl CausalLm {
    /// Loads a causal language model from a model directory: `config.json` and the weights (see [`TensorSource::open`](crosshead_weights::TensorSource::open)).
    /// CTranslate2 directories load too; their quantized weights are converted to f32. So do adapter directories of PEFT
    /// (LoRA) whose base model is a directory.
    ///
    /// # Errors
    /// If a file is missing or malformed, or the files do not match. The error names the file, and the tensor or key.
    pub fn from_pretrained(dir: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::from_files(&ModelFiles::open(dir)?, device)
    }

    /// Loads the model of these files. The updates of an adapter are added to the weights.
    ///
    /// # Errors
    /// As [`from_pretrained`](Self::from_pretrained), and if the adapter does not fit the model.
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Self, ModelError> {
        let dir = files.dir();
        if ctranslate2::is_directory(dir) {
            let directory = ctranslate2::Directory::open(dir)?;
            let ModelConfig::CausalLm(config) = &directory.config else {
                return Err(directory.not_a(CausalLmConfig::KIND));
            };
            return directory.weights().fill(config.skeleton(device));
        }
        let file = ConfigFile::open(dir)?;
        let family = families::find(CAUSAL_LMS, &file)?;
        let mut config = families::read(family, &file)?;
        let names = |config: &_| family.names(config, Head::CausalLm);
        let checkpoint = files.checkpoint(&names(&config))?;
        let weights = |config: &_| Weights::new(&checkpoint, names(config));
        config.tied_output = config.tied_output && !weights(&config).has_untied_output()?;
        let filled = weights(&config).fill(
            |device| config.skeleton(device),
            &config.expected_shapes(),
            device,
        );
        files.adapt(filled?, &names(&config), Head::CausalLm)
    }

    /// Writes a model directory; see [`EncoderDecoder::save_pretrained`].
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_pretrained<E: From<ModelError> + From<std::io::Error>>(
        &self,
        dir: &Path,
        generation: GenerationDefaults,
        extra: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        let (config, head) = (self.config(), Head::CausalLm);
        let (family, keys) = families::write(CAUSAL_LMS, config, head, dir, |_, _| Some(()));
        write_model(dir, keys, extra, |dir| {
            generation.write_for_causal_lm(config, dir)?;
            save::save(self, &family.names(config, head), head, Vec::new(), dir)
        })
    }
}
