//! Checkpoints on disk: how many are kept, and the effect of damage.

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
            ..Progress::default()
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
fn a_checkpoint_round_trips_bitwise() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 1);
    store.save(&checkpoint(20)).unwrap();
    let Restored { checkpoint: found, damaged } = store.load_latest().unwrap().unwrap();
    assert_same(&found, &checkpoint(20));
    assert!(damaged.is_empty());
}

#[test]
fn a_store_without_checkpoints_loads_none() {
    let root = tempfile::tempdir().unwrap();
    assert!(CheckpointStore::new(&root.path().join("none")).load_latest().unwrap().is_none());
}

#[test]
fn the_number_of_kept_checkpoints_can_be_set() {
    for (keep, expected) in [(1, &[90_u64][..]), (2, &[80, 90]), (3, &[9, 80, 90])] {
        let root = tempfile::tempdir().unwrap();
        let store = store(root.path(), keep);
        for step in [7, 8, 9, 80, 90] {
            store.save(&checkpoint(step)).unwrap();
        }
        assert_eq!(store.steps(), expected, "keep {keep}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), keep, "no other files");
    }
    let root = tempfile::tempdir().unwrap();
    let default = CheckpointStore::new(root.path());
    (1..5).for_each(|step| default.save(&checkpoint(step)).unwrap());
    assert_eq!(default.steps(), [3, 4], "the default is two");
}

#[test]
fn older_checkpoints_are_kept_if_saving_fails() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 1);
    store.save(&checkpoint(1)).unwrap();
    // A file blocks the temporary folder of step 2.
    fs::write(root.path().join(".2.partial"), "").unwrap();
    assert!(store.save(&checkpoint(2)).is_err());
    assert_eq!(store.steps(), [1]);
    assert_same(&store.load_latest().unwrap().unwrap().checkpoint, &checkpoint(1));
}

#[test]
fn a_run_resumed_from_an_older_checkpoint_removes_the_damaged_newer_one() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(10)).unwrap();
    store.save(&checkpoint(30)).unwrap();
    fs::remove_file(root.path().join("30").join(FILES[2])).unwrap();
    store.save(&checkpoint(20)).unwrap();
    assert_eq!(store.steps(), [10, 20]);
}

/// Possible kinds of damage to a file: its bytes afterwards, or `None` if it is deleted.
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
        let full = fs::read(&path).unwrap();
        for (what, bytes) in damages(&full) {
            put(&path, bytes.as_deref());
            let Restored { checkpoint: found, damaged } = store.load_latest().unwrap().unwrap();
            // A digit beyond a number's precision has no effect.
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
        put(&path, Some(&full));
    }
    assert_same(&store.load_latest().unwrap().unwrap().checkpoint, &checkpoint(8));
}

#[test]
fn a_folder_named_after_a_different_step_is_damaged() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(4)).unwrap();
    fs::rename(root.path().join("4"), root.path().join("5")).unwrap();
    let error = store.load_latest().unwrap_err().to_string();
    assert!(error.contains("state.json") && error.contains("step 4"), "{error}");
}

#[test]
fn if_all_checkpoints_are_damaged_the_error_names_each_and_the_fix() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 2);
    store.save(&checkpoint(4)).unwrap();
    store.save(&checkpoint(8)).unwrap();
    fs::write(root.path().join("4").join(FILES[0]), "").unwrap();
    fs::remove_file(root.path().join("8").join(FILES[1])).unwrap();
    let error = store.load_latest().unwrap_err();
    assert!(matches!(&error, TrainError::AllDamaged { damaged, .. } if damaged.len() == 2));
    let message = error.to_string();
    for part in ["4/weights.safetensors", "8/optimizer.safetensors", "delete this folder"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn a_checkpoint_without_a_hash_of_its_state_is_read() {
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
fn a_newer_format_is_not_treated_as_damage() {
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

#[test]
fn a_run_goes_back_to_the_checkpoint_before_a_step() {
    let root = tempfile::tempdir().unwrap();
    let store = store(root.path(), 3);
    for step in [4, 8, 12] {
        store.save(&checkpoint(step)).unwrap();
    }
    let before = |step: u64| {
        store.load_before(step).unwrap().map(|restored| restored.checkpoint.progress.step)
    };
    assert_eq!(before(20), Some(12));
    assert_eq!(before(12), Some(8));
    assert_eq!(before(11), Some(8));
    assert_eq!(before(4), Some(4), "there is no earlier one");
    assert_eq!(before(3), None);
    fs::remove_file(root.path().join("8/state.json")).unwrap();
    assert_eq!(before(12), Some(4), "a damaged one is passed over");
}
