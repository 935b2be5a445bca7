//! CTranslate2's `model.bin`: files of its converter are read, and mutated files never panic or allocate more than
//! [`LIMIT`], which the allocator of this program enforces.

use std::alloc::System;
use std::fs;
use std::path::{Path, PathBuf};

use cap::Cap;
use crosshead_weights::{Ct2Model, Ct2Scalar, Dtype, TensorSource, WeightsError};
use proptest::prelude::*;
use proptest::sample::Index;

/// The maximum number of bytes that this program may allocate.
const LIMIT: usize = 128 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, LIMIT);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/ctranslate2").join(name)
}

fn model(name: &str) -> Ct2Model {
    Ct2Model::open(&fixture(name).join("model.bin")).unwrap()
}

fn values(model: &Ct2Model, name: &str) -> Vec<f32> {
    model.tensors().read(model.resolve(name)).unwrap().try_to_vec().unwrap()
}

#[test]
fn names_scalars_and_aliases_match_the_converter() {
    let model = model("opus-mt");
    assert_eq!((model.spec(), model.revision(), model.version()), ("TransformerSpec", 7, 6));
    assert_eq!(model.scalar("encoder/num_heads"), Some(Ct2Scalar::Integer(4)));
    assert_eq!(model.scalar("decoder/scale_embeddings"), Some(Ct2Scalar::Float(4.0)));
    assert_eq!(model.scalar("decoder/start_from_zero_embedding"), Some(Ct2Scalar::Integer(1)));
    assert_eq!(model.resolve("encoder/embeddings_0/weight"), "decoder/embeddings/weight");
    assert_eq!(model.resolve("decoder/projection/weight"), "decoder/embeddings/weight");
    assert_eq!(model.tensors().shape("decoder/embeddings/weight"), Some(&[39, 16][..]));
    assert_eq!(model.tensors().dtype("decoder/layer_0/ffn/linear_0/bias"), Some(Dtype::F32));
    assert!(model.text("unk_token").unwrap().is_none());
}

#[test]
fn a_tensor_source_opens_a_directory_with_a_model_bin() {
    let source = TensorSource::open(&fixture("opus-mt")).unwrap();
    let name = "encoder/layer_1/self_attention/linear_0/weight";
    assert_eq!(source.shape(name), Some(&[48, 16][..]));
    assert_eq!(source.file(name), fixture("opus-mt").join("model.bin"));
}

#[test]
fn half_precision_is_within_its_rounding_of_f32() {
    let full = model("opus-mt");
    for (name, bits) in [("opus-mt-float16", 11), ("opus-mt-bfloat16", 8)] {
        let half = model(name);
        for tensor in full.tensors().names() {
            for (a, b) in values(&full, tensor).iter().zip(values(&half, tensor)) {
                let bound = a.abs() * 0.5_f32.powi(bits) + 1e-7;
                assert!((a - b).abs() <= bound, "{name}: {tensor}: {a} and {b}");
            }
        }
    }
}

#[test]
fn quantized_weights_are_within_half_a_step_of_f32() {
    let full = model("opus-mt");
    for name in ["opus-mt-int8", "opus-mt-int16"] {
        let quantized = model(name);
        let mut n_quantized = 0;
        for tensor in full.tensors().names() {
            let Some(integers) = quantized.tensors().read_quantized(tensor).unwrap() else {
                assert_eq!(values(&full, tensor), values(&quantized, tensor), "{tensor}");
                continue;
            };
            n_quantized += 1;
            let (own, shape) = (values(&full, tensor), full.tensors().shape(tensor).unwrap());
            let found = values(&quantized, tensor);
            assert_eq!(integers.integers().shape().to_vec(), shape);
            for (i, (a, b)) in own.iter().zip(&found).enumerate() {
                let row = if integers.scales().len() == 1 { 0 } else { i / shape[1] };
                let step = 1.0 / integers.scales()[row];
                assert!((a - b).abs() <= 0.501 * step, "{name}: {tensor}: {a} and {b}");
            }
        }
        // The embedding, four projections in each of 2 encoder layers, and seven in each of 3 decoder layers.
        assert_eq!(n_quantized, 1 + 2 * 4 + 3 * 7, "{name}");
    }
}

#[test]
fn a_file_in_memory_reads_like_one_on_disk() {
    let bytes = fs::read(fixture("opus-mt-int8").join("model.bin")).unwrap();
    let (memory, file) = (Ct2Model::from_bytes("memory", bytes).unwrap(), model("opus-mt-int8"));
    for name in file.tensors().names() {
        let same = file.tensors().dtype(name) == Some(Dtype::I8)
            || values(&memory, name) == values(&file, name);
        assert!(same, "{name}");
        let integers = |model: &Ct2Model| {
            let tensor = model.tensors().read_quantized(name).unwrap()?;
            Some((tensor.integers().try_to_vec::<i8>().unwrap(), tensor.scales().to_vec()))
        };
        assert_eq!(integers(&memory), integers(&file), "{name}");
    }
}

#[test]
fn every_truncated_file_is_an_error_with_its_name() {
    let bytes = fs::read(fixture("qwen2-int8").join("model.bin")).unwrap();
    for len in 1..bytes.len() {
        let error = Ct2Model::from_bytes("dir/model.bin", bytes[..len].to_vec()).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, WeightsError::Ct2 { .. }), "{len}: {message}");
        assert!(message.contains("dir/model.bin"), "{len}: {message}");
    }
}

/// A file that ends after the header of its only variable.
fn one_variable(dims: &[u32], dtype: u8, n_bytes: u32) -> Vec<u8> {
    let mut file = 6_u32.to_le_bytes().to_vec();
    file.extend(b"\x02\0S\0");
    file.extend([1_u32, 1].map(u32::to_le_bytes).concat());
    file.extend(b"\x02\0w\0");
    file.push(dims.len() as u8);
    dims.iter().for_each(|dim| file.extend(dim.to_le_bytes()));
    file.push(dtype);
    file.extend(n_bytes.to_le_bytes());
    file
}

#[test]
fn declared_sizes_are_checked_before_allocation() {
    for (file, expected) in [
        (one_variable(&[1 << 30], 0, u32::MAX - 3), "shape [1073741824] of F32"),
        (one_variable(&[1 << 30, 1], 1, 1 << 30), "the file ends in variable `w`"),
        (one_variable(&[u32::MAX, u32::MAX, u32::MAX], 0, 0), "does not take 0 bytes"),
        (one_variable(&[1], 9, 4), "variable `w` has the unknown type 9"),
        (one_variable(&[1; 9], 0, 4), "variable `w` has 9 dimensions"),
        (7_u32.to_le_bytes().to_vec(), "binary version 7; versions 2 to 6 are supported"),
        (b"\x06\0\0\0\x03\0ab".to_vec(), "the file ends in the name of the specification"),
        (b"\x06\0\0\0\x02\0ab".to_vec(), "does not end with a zero byte"),
    ] {
        let error = Ct2Model::from_bytes("model.bin", file).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.starts_with("model.bin: "), "{error}");
    }
}

#[test]
fn an_invalid_scale_is_an_error() {
    let bytes = fs::read(fixture("qwen2-int8").join("model.bin")).unwrap();
    let name = b"decoder/embeddings/weight_scale\0";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    let n_rows = u32::from_le_bytes(bytes[at + 1..at + 5].try_into().unwrap());
    assert_eq!((bytes[at], n_rows), (1, 40));

    // A scale of zero would make every weight infinite.
    let mut zero = bytes.clone();
    zero[at + 10..at + 14].fill(0);
    let model = Ct2Model::from_bytes("model.bin", zero).unwrap();
    let error = model.tensors().read("decoder/embeddings/weight").unwrap_err().to_string();
    assert!(error.contains("`decoder/embeddings/weight`") && error.contains("scale 0"), "{error}");

    // 80 values in f16 take the same number of bytes.
    let mut half = bytes;
    half[at + 1..at + 5].copy_from_slice(&80_u32.to_le_bytes());
    half[at + 5] = 4;
    let error = Ct2Model::from_bytes("model.bin", half).unwrap_err().to_string();
    assert!(error.contains("weight_scale` is F16 [80], not F32 [40]"), "{error}");
}

/// A change of a file's bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    /// Four bytes become a number.
    Number(Index, u32),
    Remove(Index),
    Insert(Index, u8),
    Truncate(Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (any::<Index>(), any::<u32>()).prop_map(|(at, value)| Change::Number(at, value)),
        1 => any::<Index>().prop_map(Change::Remove),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => any::<Index>().prop_map(Change::Truncate),
    ];
    prop::collection::vec(change, 1..4)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let len = bytes.len();
        if len <= 8 {
            break;
        }
        match *change {
            Change::Set(at, byte) => bytes[at.index(len)] = byte,
            Change::Number(at, value) => {
                let at = at.index(len - 4);
                bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
            Change::Remove(at) => {
                bytes.remove(at.index(len));
            }
            Change::Insert(at, byte) => bytes.insert(at.index(len), byte),
            Change::Truncate(at) => bytes.truncate(at.index(len)),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_loads_or_fails_with_its_name(changes in changes(), name in prop_oneof![Just("qwen2-int8"), Just("argos-old")]) {
        let bytes = changed(fs::read(fixture(name).join("model.bin")).unwrap(), &changes);
        match Ct2Model::from_bytes("dir/model.bin", bytes) {
            Err(error) => prop_assert!(error.to_string().starts_with("dir/model.bin: "), "{error}"),
            Ok(model) => for name in model.tensors().names() {
                let _ = model.tensors().read(name);
                let _ = model.tensors().read_quantized(name);
                let _ = model.text(name);
            },
        }
    }
}
