//! Checkpoints on the disk: how many are kept, and what every kind of damage does.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use crosshead_train::{Checkpoint, CheckpointStore, Progress, Restored, TrainError};

const FILES: [&str; 3] = ["weights.safetensors", "optimizer.safetensors", "state.json"];

fn checkpoint(step: u64) -> Checkpoint {
    let data = |value: f32| TensorData::new(vec![value, -0.0, f32::MIN_POSITIVE], [3]);
    Checkpoint {
        progress: Progress {
            step,
            epoch: 2,
            batch: 7,
            tokens: 40 * step,
            seconds: 0.1 + step as f64 / 3.0,
            best_score: Some(-1.0 / 3.0),
            best_step: Some(step),
        },
        weights: BTreeMap::from([("a.b".to_owned(), data(step as f32))]),
        optimizer: BTreeMap::from([
            ("first.a.b".to_owned(), data(0.5)),
            ("second.a.b".to_owned(), data(0.25)),
        ]),
    }
}

fn store(dir: &Path, keep: usize) -> CheckpointStore {
    CheckpointStore::new(dir).with_keep(NonZeroUsize::new(keep).unwrap())
}

#[track_caller]
fn assert_same(found: &Checkpoint, expected: &Checkpoint) {
    assert_eq!(found.progress, expected.progress);
    for (found, expected) in
        [(&found.weights, &expected.weights), (&found.optimizer, &expected.optimizer)]
    {
        let bytes = |tensors: &BTreeMap<String, TensorData>| -> Vec<(String, Vec<u8>)> {
            tensors.iter().map(|(name, data)| (name.clone(), data.as_bytes().to_vec())).collect()
        };
        assert_eq!(bytes(found), bytes(expected));
    }
}

#[test]
fn a_checkpoint_reads_back_bit_for_bit() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 1);
    store.save(&checkpoint(20)).unwrap();
    let Restored { checkpoint: found, damaged } = store.load_latest().unwrap().unwrap();
    assert_same(&found, &checkpoint(20));
    assert!(damaged.is_empty());
}

#[test]
fn without_checkpoints_there_is_nothing_to_load() {
    let root = tempfile::tempdir().unwrap();
    assert!(CheckpointStore::new(&root.path().join("none")).load_latest().unwrap().is_none());
}

#[test]
fn as_many_checkpoints_are_kept_as_asked_for() {
    for (keep, expected) in [(1, &[90_u64][..]), (2, &[80, 90]), (3, &[9, 80, 90])] {
        let root = tempfile::tempdir().unwrap();
        let store = store(root.path(), keep);
        for step in [7, 8, 9, 80, 90] {
            store.save(&checkpoint(step)).unwrap();
        }
        assert_eq!(store.steps(), expected, "keep {keep}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), keep, "nothing else is left");
    }
    let root = tempfile::tempdir().unwrap();
    let default = CheckpointStore::new(root.path());
    (1..5).for_each(|step| default.save(&checkpoint(step)).unwrap());
    assert_eq!(default.steps(), [3, 4], "two by default");
}

#[test]
fn older_checkpoints_stay_until_the_new_one_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 1);
    store.save(&checkpoint(1)).unwrap();
    // Where the folder of step 2 would be written, a file is in the way.
    fs::write(root.path().join(".2.partial"), "").unwrap();
    assert!(store.save(&checkpoint(2)).is_err());
    assert_eq!(store.steps(), [1]);
    assert_same(&store.load_latest().unwrap().unwrap().checkpoint, &checkpoint(1));
}

#[test]
fn a_run_that_goes_on_from_an_older_checkpoint_removes_the_damaged_newer_one() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(10)).unwrap();
    store.save(&checkpoint(30)).unwrap();
    fs::remove_file(root.path().join("30").join(FILES[2])).unwrap();
    store.save(&checkpoint(20)).unwrap();
    assert_eq!(store.steps(), [10, 20]);
}

/// What can happen to a file: its bytes afterwards, or none where it is gone.
fn damages(bytes: &[u8]) -> Vec<(String, Option<Vec<u8>>)> {
    let cut = (0..bytes.len()).map(|len| (format!("cut to {len}"), Some(bytes[..len].to_vec())));
    let flipped = (0..bytes.len() * 8).map(|bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        (format!("bit {bit} flipped"), Some(bytes))
    });
    let longer = [bytes, b"\0"].concat();
    let others = [("deleted".to_owned(), None), ("longer".to_owned(), Some(longer))];
    cut.chain(flipped).chain(others).collect()
}

fn put(path: &PathBuf, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => fs::write(path, bytes).unwrap(),
        None => fs::remove_file(path).unwrap(),
    }
}

#[test]
fn any_damage_of_the_newest_checkpoint_falls_back_to_the_older_one_and_names_the_file() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(4)).unwrap();
    store.save(&checkpoint(8)).unwrap();
    for file in FILES {
        let path = root.path().join("8").join(file);
        let whole = fs::read(&path).unwrap();
        for (what, bytes) in damages(&whole) {
            put(&path, bytes.as_deref());
            let Restored { checkpoint: found, damaged } = store.load_latest().unwrap().unwrap();
            // A digit beyond a number's precision changes nothing.
            if found.progress.step == 8 {
                assert_eq!(file, "state.json", "{file} {what}");
                assert_same(&found, &checkpoint(8));
            } else {
                assert_same(&found, &checkpoint(4));
                let message = damaged[0].to_string();
                let is_named = message.contains(file) && damaged.len() == 1;
                assert!(is_named, "{file} {what}: {message}");
            }
        }
        put(&path, Some(&whole));
    }
    assert_same(&store.load_latest().unwrap().unwrap().checkpoint, &checkpoint(8));
}

#[test]
fn a_folder_that_lies_under_the_name_of_another_step_is_damaged() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(4)).unwrap();
    fs::rename(root.path().join("4"), root.path().join("5")).unwrap();
    let error = store.load_latest().unwrap_err().to_string();
    assert!(error.contains("state.json") && error.contains("step 4"), "{error}");
}

#[test]
fn where_no_checkpoint_is_whole_each_is_named_with_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(4)).unwrap();
    store.save(&checkpoint(8)).unwrap();
    fs::write(root.path().join("4").join(FILES[0]), "").unwrap();
    fs::remove_file(root.path().join("8").join(FILES[1])).unwrap();
    let error = store.load_latest().unwrap_err();
    assert!(matches!(&error, TrainError::NoWholeCheckpoint { damaged, .. } if damaged.len() == 2));
    let message = error.to_string();
    for part in ["4/weights.safetensors", "8/optimizer.safetensors", "delete this folder"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn a_checkpoint_whose_state_has_no_hash_is_read_as_before() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(8)).unwrap();
    let path = root.path().join("8/state.json");
    let mut state: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    state["sha256"].as_object_mut().unwrap().remove("state.json").unwrap();
    fs::write(&path, state.to_string()).unwrap();
    assert_same(&store.load_latest().unwrap().unwrap().checkpoint, &checkpoint(8));
}

#[test]
fn a_newer_format_is_no_damage_and_named() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(4)).unwrap();
    store.save(&checkpoint(8)).unwrap();
    let path = root.path().join("8/state.json");
    let mut state: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(state["format"], 2);
    state["format"] = 3.into();
    state["sha256"].as_object_mut().unwrap().remove("state.json").unwrap();
    fs::write(&path, state.to_string()).unwrap();
    let error = store.load_latest().unwrap_err();
    assert!(matches!(error, TrainError::NewerFormat { found: 3, known: 2, .. }), "{error}");
    assert!(error.to_string().contains("state.json: format 3 is newer"), "{error}");
}
