//! Weight files of every format: equal values, and errors that name the file and the tensor.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{AllocationProperty, TensorData, bf16, f16};
use crosshead_weights::{Dtype, TensorSource, WeightsError};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::json;
use tempfile::{TempDir, tempdir};

const SAFETENSORS: &str = "model.safetensors";
const SAFETENSORS_INDEX: &str = "model.safetensors.index.json";
const BIN: &str = "pytorch_model.bin";
const BIN_INDEX: &str = "pytorch_model.bin.index.json";

/// A temporary directory with weight files.
struct Dir(TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempdir().unwrap())
    }

    fn with(self, file: &str, bytes: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(file), bytes).unwrap();
        self
    }

    fn with_fixture(self, file: &str, fixture: &str) -> Self {
        self.with(file, fs::read(fixture_path(fixture)).unwrap())
    }

    fn with_index(self, file: &str, weight_map: &[(&str, &str)]) -> Self {
        let map: BTreeMap<_, _> = weight_map.iter().copied().collect();
        self.with(file, json!({ "metadata": {}, "weight_map": map }).to_string())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn open(&self) -> Result<TensorSource, WeightsError> {
        TensorSource::open(self.0.path())
    }

    /// Asserts that opening the directory or reading a tensor fails with a message that begins with `file` and contains
    /// `parts`.
    #[track_caller]
    fn fails(&self, file: &str, parts: &[&str]) {
        let read_all = |checkpoint: TensorSource| {
            checkpoint.names().try_for_each(|name| checkpoint.read(name).map(|_| ()))
        };
        let message =
            self.open().and_then(read_all).expect_err("the directory was read").to_string();
        assert!(message.starts_with(&format!("{}: ", self.path(file).display())), "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    }
}

fn fixture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checkpoints").join(name)
}

/// The bytes of a safetensors file with these tensors.
fn file_of(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A file with one f32 tensor.
fn one(name: &str, values: &[f32]) -> Vec<u8> {
    file_of(&[(name, Dtype::F32, &[values.len()], f32_bytes(values))])
}

/// The bytes of a safetensors file with this header and this many bytes of data.
fn file_with(header: &serde_json::Value, data: usize) -> Vec<u8> {
    let header = header.to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend(vec![0; data]);
    bytes
}

#[test]
fn every_pytorch_format_gives_the_saved_values() {
    let expected = fs::read(fixture_path("expected.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&expected).unwrap();
    for fixture in ["zip.bin", "legacy.bin"] {
        let checkpoint = Dir::new().with_fixture(BIN, fixture).open().unwrap();
        assert_eq!(checkpoint.names().count(), expected.len() + 1);
        for (name, view) in expected.iter() {
            let data = checkpoint.read(name).unwrap();
            assert_eq!(data.shape().to_vec(), view.shape(), "{name} of {fixture}");
            assert_eq!(checkpoint.shape(name).unwrap(), view.shape(), "{name} of {fixture}");
            assert_eq!(data.as_bytes(), view.data(), "{name} of {fixture}");
        }
        assert_eq!(checkpoint.dtype("bfloat16"), Some(Dtype::BF16));
        assert_eq!(checkpoint.dtype("position_ids"), Some(Dtype::I64));
    }
}

#[test]
fn weights_next_to_an_optimizer_state_are_found() {
    let checkpoint = Dir::new().with_fixture(BIN, "nested.bin").open().unwrap();
    let names: Vec<&str> = checkpoint.names().collect();
    assert_eq!(names, ["model.0.bias", "model.0.weight", "model.1.bias", "model.1.weight"]);
    assert_eq!(checkpoint.read("model.0.bias").unwrap().shape().to_vec(), [2]);
}

#[test]
fn names_of_wrapped_modules_are_not_changed() {
    let checkpoint = Dir::new().with_fixture(BIN, "wrapped.bin").open().unwrap();
    assert!(checkpoint.names().all(|name| name.starts_with("_orig_mod.module.")));
}

#[test]
fn placeholders_are_reported() {
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    for (bytes, parts) in [
        (lfs, &["is a Git LFS pointer, not the file", "git lfs pull"][..]),
        ("<!DOCTYPE html><html>404</html>", &["is a web page"]),
        ("", &["is empty"]),
    ] {
        for file in [SAFETENSORS, SAFETENSORS_INDEX, BIN, BIN_INDEX] {
            Dir::new().with(file, bytes).fails(file, parts);
        }
    }
}

#[test]
fn f32_values_are_memory_mapped() {
    let dir = Dir::new().with(SAFETENSORS, one("weight", &[1.0, -2.5]));
    let data = dir.open().unwrap().read("weight").unwrap();
    let (bytes, shape, _) = data.into_parts();
    assert_eq!(bytes.property(), AllocationProperty::File);
    assert_eq!(
        TensorData::from_bytes(bytes, shape, burn::tensor::DType::F32),
        TensorData::from([1.0_f32, -2.5])
    );
}

#[test]
fn unaligned_values_are_copied() {
    // One byte before the values makes them unaligned.
    let header = json!({
        "mask": { "dtype": "U8", "shape": [1], "data_offsets": [0, 1] },
        "weight": { "dtype": "F32", "shape": [2], "data_offsets": [1, 9] },
    });
    let mut bytes = file_with(&header, 1);
    while bytes.len() % 4 != 1 {
        bytes.insert(8, b' ');
        let header_len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) + 1;
        bytes[..8].copy_from_slice(&header_len.to_le_bytes());
    }
    bytes.extend(f32_bytes(&[3.0, 4.0]));
    let data = Dir::new().with(SAFETENSORS, bytes).open().unwrap().read("weight").unwrap();
    assert_eq!(data, TensorData::from([3.0_f32, 4.0]));
}

#[test]
fn half_precision_is_converted_to_f32() {
    let f16s: Vec<u8> = [1.5, -0.25].iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect();
    let bf16s: Vec<u8> =
        [1.5, -3e38].iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()).collect();
    let file = file_of(&[("a", Dtype::F16, &[2, 1], f16s), ("b", Dtype::BF16, &[2], bf16s)]);
    let dir = Dir::new().with(SAFETENSORS, file);
    let checkpoint = dir.open().unwrap();
    assert_eq!(checkpoint.read("a").unwrap(), TensorData::from([[1.5_f32], [-0.25]]));
    let expected = [1.5, bf16::from_f32(-3e38).to_f32()];
    assert_eq!(checkpoint.read("b").unwrap(), TensorData::from(expected));
    assert_eq!(checkpoint.size(), 8);
}

#[test]
fn safetensors_shards_are_opened_through_their_index() {
    let shards = [("shard-1.safetensors", "a", 1.0_f32), ("shard-2.safetensors", "b", 2.0)];
    let map = shards.map(|(shard, tensor, _)| (tensor, shard));
    let dir = shards
        .iter()
        .fold(Dir::new().with_index(SAFETENSORS_INDEX, &map), |dir, (shard, tensor, value)| {
            dir.with(shard, one(tensor, &[*value]))
        });
    let checkpoint = dir.open().unwrap();
    assert_eq!(checkpoint.names().collect::<Vec<_>>(), ["a", "b"]);
    for (shard, tensor, value) in shards {
        assert_eq!(checkpoint.file(tensor), dir.path(shard));
        assert_eq!(checkpoint.read(tensor).unwrap(), TensorData::from([value]));
    }
    assert_eq!(checkpoint.file("c"), dir.path(SAFETENSORS_INDEX));
}

#[test]
fn pickle_shards_are_opened_through_their_index() {
    let map = [("float32", "1.bin"), ("float16", "2.bin")];
    let dir = Dir::new().with_index(BIN_INDEX, &map).with_fixture("1.bin", "zip.bin");
    let checkpoint = dir.with_fixture("2.bin", "legacy.bin").open().unwrap();
    assert!(checkpoint.file("float32").ends_with("1.bin"));
    assert!(checkpoint.file("float16").ends_with("2.bin"));
}

#[test]
fn safetensors_precede_pickles_and_single_files_precede_shards() {
    let dir = Dir::new().with_fixture(BIN, "zip.bin").with_index(BIN_INDEX, &[("x", "gone.bin")]);
    assert!(dir.open().unwrap().file("float32").ends_with(BIN));
    let dir = dir.with_index(SAFETENSORS_INDEX, &[("x", "gone.safetensors")]);
    dir.fails(SAFETENSORS_INDEX, &["gone.safetensors"]);
    let dir = dir.with(SAFETENSORS, one("weight", &[1.0]));
    assert_eq!(dir.open().unwrap().names().collect::<Vec<_>>(), ["weight"]);
}

#[test]
fn a_directory_without_weights_is_reported_with_the_expected_files() {
    let error = Dir::new().open().unwrap_err();
    assert!(matches!(error, WeightsError::NoWeights { .. }));
    for file in [SAFETENSORS, SAFETENSORS_INDEX, BIN, BIN_INDEX] {
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn a_missing_shard_is_reported() {
    let map = [("a", "shard-1.safetensors"), ("b", "shard-2.safetensors")];
    let dir = Dir::new().with_index(SAFETENSORS_INDEX, &map);
    dir.with("shard-1.safetensors", one("a", &[1.0]))
        .fails(SAFETENSORS_INDEX, &["shard `shard-2.safetensors` is missing"]);
}

#[test]
fn a_shard_outside_the_directory_is_rejected() {
    for shard in ["../secret.safetensors", "/etc/passwd", "..", "", "a/b.safetensors"] {
        Dir::new()
            .with_index(SAFETENSORS_INDEX, &[("a", shard)])
            .fails(SAFETENSORS_INDEX, &[&format!("shard `{shard}` is missing")]);
    }
}

#[test]
fn a_tensor_missing_from_its_shard_is_reported() {
    let map = [("a", "1.safetensors"), ("b", "1.safetensors")];
    Dir::new()
        .with_index(SAFETENSORS_INDEX, &map)
        .with("1.safetensors", one("a", &[1.0]))
        .fails("1.safetensors", &["tensor `b`", "is missing", SAFETENSORS_INDEX]);
}

#[test]
fn a_malformed_index_is_reported_with_its_line() {
    for text in ["{", "[]", r#"{"weight_map": }"#] {
        Dir::new().with(SAFETENSORS_INDEX, text).fails(SAFETENSORS_INDEX, &["line 1"]);
    }
    Dir::new().with(SAFETENSORS_INDEX, "{}").fails(SAFETENSORS_INDEX, &["weight_map: is missing"]);
    let number = r#"{"weight_map": {"a": 1}}"#;
    Dir::new()
        .with(SAFETENSORS_INDEX, number)
        .fails(SAFETENSORS_INDEX, &["weight_map.a: expected a string, found `1`"]);
}

#[test]
fn invalid_values_are_reported_with_their_element() {
    let index = 2000;
    for (value, text) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut values = vec![0.5; 3000];
        values[index] = value;
        let file = one("layer.weight", &values);
        let text = format!("tensor `layer.weight`: element {index} is {text}");
        Dir::new().with(SAFETENSORS, file).fails(SAFETENSORS, &[&text]);
    }
    let half = f16::INFINITY.to_le_bytes().to_vec();
    let file = file_of(&[("h", Dtype::F16, &[1], half)]);
    Dir::new().with(SAFETENSORS, file).fails(SAFETENSORS, &["tensor `h`: element 0 is inf"]);
}

#[test]
fn a_bias_may_contain_negative_infinity() {
    let file = one("final_logits_bias", &[0.0, f32::NEG_INFINITY]);
    let dir = Dir::new().with(SAFETENSORS, file);
    dir.open().unwrap().read("final_logits_bias").unwrap();
    Dir::new().with(SAFETENSORS, one("bias", &[f32::NAN])).fails(SAFETENSORS, &["`bias`", "NaN"]);
}

#[test]
fn an_unsupported_dtype_is_reported() {
    let file = file_of(&[("ids", Dtype::I64, &[1], vec![0; 8])]);
    Dir::new().with(SAFETENSORS, file).fails(SAFETENSORS, &["tensor `ids`", "I64", "BF16"]);
    Dir::new().with_fixture(BIN, "zip.bin").fails(BIN, &["tensor `position_ids`", "I64"]);
}

#[test]
fn an_unknown_dtype_is_reported() {
    let header = json!({
        "a": { "dtype": "F32", "shape": [1], "data_offsets": [0, 4] },
        "b": { "dtype": "F128", "shape": [1], "data_offsets": [4, 20] },
    });
    Dir::new()
        .with(SAFETENSORS, file_with(&header, 20))
        .fails(SAFETENSORS, &["tensor `b`", "F128"]);
}

#[test]
fn an_inconsistent_header_is_reported_with_the_tensor() {
    let entry = |shape: &[u64], from: u64, to: u64| json!({ "dtype": "F32", "shape": shape, "data_offsets": [from, to] });
    let huge = 1_u64 << 40;
    let cases = [
        (entry(&[3], 4, 12), &["tensor `b`", "[3]", "8 bytes"][..]),
        (entry(&[huge, huge], 4, 8), &["tensor `b`"]),
        (entry(&[1], 12, 8), &["tensor `b`", "ends at 8"]),
        (entry(&[1], 0, 4), &["invalid offset"]),
        (entry(&[1], 8, 12), &["invalid offset", "`b`"]),
        (entry(&[huge], 4, 4 + 4 * huge), &["not fully covered"]),
        (
            json!({ "dtype": "F32", "shape": [-1], "data_offsets": [4, 8] }),
            &["tensor `b`", "malformed"],
        ),
        (json!([1, 2]), &["tensor `b`", "malformed"]),
    ];
    for (b, parts) in cases {
        let header = json!({ "a": entry(&[1], 0, 4), "b": b });
        Dir::new().with(SAFETENSORS, file_with(&header, 8)).fails(SAFETENSORS, parts);
    }
}

#[test]
fn a_header_longer_than_the_file_is_rejected() {
    for len in [1_u64 << 20, 1 << 40, u64::MAX] {
        let mut bytes = len.to_le_bytes().to_vec();
        bytes.extend(b"{}");
        Dir::new()
            .with(SAFETENSORS, bytes)
            .fails(SAFETENSORS, &["not a complete safetensors file"]);
    }
}

#[test]
fn a_truncated_pickle_is_reported() {
    for fixture in ["zip.bin", "legacy.bin"] {
        let bytes = fs::read(fixture_path(fixture)).unwrap();
        for share in [1, 30, 60, 99] {
            let part = &bytes[..bytes.len() * share / 100];
            Dir::new().with(BIN, part).fails(BIN, &[]);
        }
    }
}

#[test]
fn a_pickle_is_not_executed() {
    let dir = Dir::new();
    let trace = dir.path("trace");
    let command = format!("cposix\nsystem\n(S'touch {}'\ntR.", trace.display());
    let dir = dir.with(BIN, command);
    dir.fails(BIN, &["PyTorch"]);
    assert!(!trace.exists());
}

#[test]
fn a_tensor_larger_than_its_file_is_rejected() {
    // `expanded` has shape (3, 4) and strides (0, 1): its storage is valid for any number of rows.
    let sizes = b"K\x03K\x04\x86q\x49K\x00K\x01";
    let bytes = fs::read(fixture_path("legacy.bin")).unwrap();
    let at = bytes.windows(sizes.len()).position(|window| window == sizes).unwrap();
    let mut hostile = bytes[..at].to_vec();
    hostile.extend(b"J\xff\xff\xff\x03"); // 2^26 - 1 rows
    hostile.extend(&bytes[at + 2..]);
    Dir::new().with(BIN, hostile).fails(BIN, &["tensor `expanded`", "1073741808 bytes"]);
}

#[test]
fn files_that_are_not_pickles_are_reported() {
    let tar = [&[b'a'; 257][..], b"ustar", &[0; 250]].concat();
    for bytes in [&b"version"[..], &[0xff; 64], b"PK\x03\x04", &tar] {
        Dir::new().with(BIN, bytes).fails(BIN, &["not a valid PyTorch file"]);
    }
}
