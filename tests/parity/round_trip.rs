//! Every family of pretrained models is recognized from its directory and saved unchanged.

use std::collections::BTreeMap;
use std::path::Path;

use crosshead::models::{
    CausalLm, Encoder, EncoderDecoder, GenerationDefaults, Head, MaskedLm, ModelDirectory,
    ModelError, SequenceClassifier, TokenClassifier,
};
use crosshead::weights::TensorSource;
use crosshead_tests::{device, fixture};
use tempfile::tempdir;

use crate::families::{CAUSAL_LMS, ENCODER_DECODERS, ENCODERS};

/// Names, shapes and bytes of the tensors of a directory.
fn tensors(dir: &Path) -> BTreeMap<String, (Vec<usize>, Vec<u8>)> {
    let checkpoint = TensorSource::open(dir).unwrap();
    let tensor = |name: &str| {
        let shape = checkpoint.shape(name).unwrap().to_vec();
        (name.to_owned(), (shape, checkpoint.read(name).unwrap().as_bytes().to_vec()))
    };
    checkpoint.names().map(tensor).collect()
}

#[track_caller]
fn assert_saved_unchanged(name: &str, save: impl FnOnce(&Path) -> Result<(), SaveError>) {
    let dir = tempdir().unwrap();
    let saved = dir.path().join("model");
    save(&saved).unwrap();
    let (mut was, is) = (tensors(&fixture(name)), tensors(&saved));
    // An encoder gives a vector for each token; BERT's pooler belongs to a classifier.
    was.retain(|tensor, _| !tensor.starts_with("pooler."));
    assert_eq!(is.keys().collect::<Vec<_>>(), was.keys().collect::<Vec<_>>(), "{name}");
    for (tensor, value) in &was {
        assert!(is[tensor] == *value, "{name}: {tensor}");
    }
    let (was, is) = (ModelDirectory::open(&fixture(name)), ModelDirectory::open(&saved));
    assert_eq!(is.unwrap(), was.unwrap(), "{name}");
}

#[test]
fn every_tensor_is_saved_byte_for_byte_as_it_was_loaded() {
    let nothing = |_: &Path| Ok::<(), SaveError>(());
    for (name, _) in ENCODER_DECODERS {
        let model = EncoderDecoder::from_pretrained(&fixture(name), &device()).unwrap();
        let defaults = GenerationDefaults::from_dir(&fixture(name)).unwrap();
        assert_saved_unchanged(name, |dir| model.save_pretrained(dir, defaults, nothing));
    }
    for (name, _) in CAUSAL_LMS {
        let model = CausalLm::from_pretrained(&fixture(name), &device()).unwrap();
        let defaults = GenerationDefaults::from_dir(&fixture(name)).unwrap();
        assert_saved_unchanged(name, |dir| model.save_pretrained(dir, defaults, nothing));
    }
    for (name, _, head) in ENCODERS {
        let (dir, device) = (fixture(name), device());
        assert_saved_unchanged(name, |saved| match head {
            Head::MaskedLm => {
                MaskedLm::from_pretrained(&dir, &device).unwrap().save_pretrained(saved, nothing)
            }
            Head::SequenceClassifier => SequenceClassifier::from_pretrained(&dir, &device)
                .unwrap()
                .save_pretrained(saved, nothing),
            Head::TokenClassifier => TokenClassifier::from_pretrained(&dir, &device)
                .unwrap()
                .save_pretrained(saved, nothing),
            _ => Encoder::from_pretrained(&dir, &device).unwrap().save_pretrained(saved, nothing),
        });
    }
}

#[test]
fn family_and_head_of_a_directory_are_recognized() {
    let expect = |name: &str, family: &str, head| {
        let found = ModelDirectory::open(&fixture(name)).unwrap();
        assert_eq!((found.family, found.head), (family, head), "{name}");
    };
    ENCODER_DECODERS.iter().for_each(|(name, family)| expect(name, family, Head::Seq2SeqLm));
    CAUSAL_LMS.iter().for_each(|(name, family)| expect(name, family, Head::CausalLm));
    ENCODERS.iter().for_each(|(name, family, head)| expect(name, family, *head));
}

/// The result of saving.
#[derive(Debug, PartialEq)]
struct SaveError(String);

impl From<ModelError> for SaveError {
    fn from(error: ModelError) -> Self {
        Self(error.to_string())
    }
}

impl From<std::io::Error> for SaveError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}
