//! Corrupted files result in values or an error, never a panic, and use no more memory than a valid file of the same
//! size. The allocator of this program is limited to [`LIMIT`], so a parser that trusts a length in a file aborts the
//! program.

use std::alloc::System;
use std::fs;
use std::path::Path;

use cap::Cap;
use crosshead_weights::{Int8Matrix, ScaleAxis, TensorSource, write_int8_tensors};
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::tempdir;

/// The maximum number of bytes that the tests of this program may have allocated at a time.
const LIMIT: usize = 128 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, LIMIT);

/// A change to the bytes of a file.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    /// Eight bytes are replaced by a number.
    Large(Index, u64),
    Remove(Index),
    Insert(Index, u8),
    Truncate(Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => (any::<Index>(), any::<u64>()).prop_map(|(at, value)| Change::Large(at, value)),
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
            Change::Large(at, value) => {
                let at = at.index(len - 8);
                bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
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

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checkpoints");
    fs::read(folder.join(name)).unwrap()
}

/// Opens a directory with these files and reads every tensor.
fn read(files: &[(&str, Vec<u8>)]) {
    let dir = tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    if let Ok(checkpoint) = TensorSource::open(dir.path()) {
        for name in checkpoint.names() {
            let _ = checkpoint.read(name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_corrupted_safetensors_file_is_harmless(changes in changes()) {
        read(&[("model.safetensors", changed(fixture("expected.safetensors"), &changes))]);
    }

    #[test]
    fn a_corrupted_int8_file_is_harmless(changes in changes()) {
        let matrices = [("rows", ScaleAxis::Rows), ("columns", ScaleAxis::Columns)];
        let tensors = matrices.into_iter().flat_map(|(name, axis)| {
            Int8Matrix::quantize(&[0.5; 12], [3, 4], axis).into_tensors(name)
        });
        let dir = tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        write_int8_tensors(&path, &tensors.collect()).unwrap();
        read(&[("model.safetensors", changed(fs::read(&path).unwrap(), &changes))]);
    }

    #[test]
    fn a_corrupted_zip_file_is_harmless(changes in changes()) {
        read(&[("pytorch_model.bin", changed(fixture("zip.bin"), &changes))]);
    }

    #[test]
    fn a_corrupted_legacy_file_is_harmless(changes in changes()) {
        read(&[("pytorch_model.bin", changed(fixture("legacy.bin"), &changes))]);
    }

    #[test]
    fn a_corrupted_index_is_harmless(changes in changes()) {
        let index = br#"{"metadata": {"total_size": 96}, "weight_map": {"float32": "1.bin", "float16": "2.bin"}}"#;
        read(&[
            ("pytorch_model.bin.index.json", changed(index.to_vec(), &changes)),
            ("1.bin", fixture("zip.bin")),
            ("2.bin", fixture("legacy.bin")),
        ]);
    }
}

#[test]
fn a_compressed_archive_is_rejected_before_it_is_unpacked() {
    // 64 MiB of empty tuples in 64 KB; as objects they take gigabytes.
    let dir = tempdir().unwrap();
    let path = dir.path().join("pytorch_model.bin");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("archive/data.pkl", options).unwrap();
    for _ in 0..64 {
        std::io::Write::write_all(&mut archive, &[b')'; 1 << 20]).unwrap();
    }
    archive.finish().unwrap();
    let message = TensorSource::open(dir.path()).unwrap_err().to_string();
    assert!(message.contains("pytorch_model.bin") && message.contains("compressed"), "{message}");
}
