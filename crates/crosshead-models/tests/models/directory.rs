//! Saving and loading model directories.

use std::fs;
use std::io;
use std::path::Path;

use burn::tensor::Device;
use crosshead_generate::{EarlyStopping, EndBoost, Phrase, SequenceBias};
use crosshead_kernels::Activation;
use crosshead_models::{EncoderDecoder, EncoderDecoderConfig, GenerationDefaults, StackConfig};
use crosshead_testkit::saving_and_loading_changes_nothing;
use crosshead_weights::parameters;
use proptest::prelude::*;
use tempfile::tempdir;

use crate::tiny::{SaveError, config, model, model_of, norm_orders, nothing, save};

fn configs() -> impl Strategy<Value = EncoderDecoderConfig> {
    use Activation::{Gelu, GeluTanh, Identity, Relu, Silu};
    let activations = prop::sample::select(vec![Identity, Relu, Gelu, GeluTanh, Silu]);
    let layers = (1..3_usize, 1..3_usize);
    let rates = (0.0..0.9_f32, 0.0..0.9_f32, 0.0..0.9_f32);
    let ids = (0..13_u32, 0..13_u32);
    (norm_orders(), activations, layers, rates, ids, any::<bool>(), 1..64_usize).prop_map(
        |(norm_order, activation, layers, rates, ids, scale_embedding, max_len)| {
            let base = config(norm_order);
            EncoderDecoderConfig {
                stack: StackConfig {
                    activation,
                    dropout: rates.0,
                    attention_dropout: rates.1,
                    activation_dropout: rates.2,
                    scale_embedding,
                    max_len,
                    ..base.stack
                },
                n_encoder_layers: layers.0,
                n_decoder_layers: layers.1,
                pad_id: ids.0,
                eos_id: ids.1,
                ..base
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_saved_model_is_loaded_bitwise(config in configs()) {
        let dir = tempdir().unwrap();
        let path = dir.path().join("model");
        let model = model_of(config);
        save(&model, &path);
        let loaded = EncoderDecoder::from_pretrained(&path, &Device::flex()).unwrap();
        prop_assert_eq!(loaded.config(), model.config());
        saving_and_loading_changes_nothing(&model, |_| loaded).unwrap();
    }

    #[test]
    fn a_loaded_model_is_saved_to_the_same_bytes(order in norm_orders()) {
        let dir = tempdir().unwrap();
        let (first, second) = (dir.path().join("first"), dir.path().join("second"));
        save(&model(order), &first);
        save(&EncoderDecoder::from_pretrained(&first, &Device::flex()).unwrap(), &second);
        for file in ["config.json", "generation_config.json", "model.safetensors"] {
            prop_assert!(fs::read(first.join(file)).unwrap() == fs::read(second.join(file)).unwrap());
        }
    }
}

#[test]
fn a_model_can_be_loaded_for_training() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("model");
    save(&model(Default::default()), &path);
    let loaded = EncoderDecoder::from_pretrained(&path, &Device::flex().autodiff()).unwrap();
    assert!(loaded.embedding.val().is_require_grad());
    assert!(!loaded.logits_bias.unwrap().val().is_require_grad());
}

#[test]
fn generation_defaults_are_read_back() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("model");
    let defaults = GenerationDefaults {
        num_beams: 7,
        length_penalty: 0.6,
        early_stopping: EarlyStopping::Never,
        max_length: Some(40),
        max_new_tokens: Some(30),
        min_length: 3,
        min_new_tokens: Some(2),
        no_repeat_ngram_size: 4,
        repetition_penalty: 1.5,
        bos_token_id: Some(4),
        decoder_start_token_id: Some(3),
        eos_token_ids: vec![1, 2],
        forced_bos_token_id: Some(5),
        forced_eos_token_ids: vec![2, 1],
        bad_words_ids: vec![vec![6], vec![7, 8]],
        suppress_tokens: vec![9],
        begin_suppress_tokens: vec![10],
        renormalize_logits: true,
        do_sample: Some(true),
        temperature: Some(0.7),
        top_k: Some(20),
        top_p: Some(0.9),
        encoder_no_repeat_ngram_size: 5,
        encoder_repetition_penalty: 1.25,
        exponential_decay_length_penalty: Some(EndBoost { start: 15, factor: 1.5 }),
        sequence_bias: vec![SequenceBias { tokens: vec![6, 7], bias: -2.5 }],
        force_words_ids: vec![Phrase::new([vec![11]]), Phrase::new([vec![6], vec![7, 8]])],
        num_beam_groups: 7,
        diversity_penalty: 0.5,
        num_return_sequences: 3,
        stop_strings: vec!["\n\n".to_owned()],
        max_time: Some(2.5),
        min_p: Some(0.125),
        typical_p: Some(0.75),
        epsilon_cutoff: Some(0.25),
        eta_cutoff: Some(0.5),
        top_h: Some(0.375),
        file: None,
    };
    model(Default::default()).save_pretrained(&path, defaults.clone(), nothing).unwrap();
    let read = GenerationDefaults::from_dir(&path).unwrap();
    assert_eq!(GenerationDefaults { file: None, ..read }, defaults);
}

#[test]
fn generation_defaults_fall_back_to_config_json_and_to_defaults() {
    let dir = tempdir().unwrap();
    assert_eq!(GenerationDefaults::from_dir(dir.path()).unwrap(), GenerationDefaults::default());
    fs::write(dir.path().join("config.json"), r#"{"num_beams": 6, "d_model": 8}"#).unwrap();
    assert_eq!(GenerationDefaults::from_dir(dir.path()).unwrap().num_beams, 6);
    fs::write(dir.path().join("generation_config.json"), "{}").unwrap();
    assert_eq!(GenerationDefaults::from_dir(dir.path()).unwrap().num_beams, 1);
}

#[test]
fn a_failed_save_leaves_the_old_model_unchanged() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("model");
    let old = model(Default::default());
    save(&old, &path);
    let new = config(Default::default()).init(9, &Device::flex());
    let full = |_: &Path| Err(SaveError::Io(io::Error::other("no space left")));
    let error = new.save_pretrained(&path, GenerationDefaults::default(), full).unwrap_err();
    assert!(matches!(error, SaveError::Io(error) if error.to_string() == "no space left"));
    let loaded = EncoderDecoder::from_pretrained(&path, &Device::flex()).unwrap();
    assert_eq!(parameters::read(&loaded), parameters::read(&old));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn saving_below_a_file_is_an_error() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "text").unwrap();
    let inside = path.join("model");
    let model = model(Default::default());
    assert!(model.save_pretrained(&inside, GenerationDefaults::default(), nothing).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "text");
}
