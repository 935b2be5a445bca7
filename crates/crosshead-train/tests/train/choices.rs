//! Averages of weights and early stopping, each resumed at every step.

use std::collections::BTreeSet;

use burn::tensor::TensorData;
use crosshead_data::{BatchStream, Batching};
use crosshead_train::{
    Average, AverageOf, Outcome, Snapshot, SnapshotStore, TrainError, Trainer, Weights, parameters,
};

use crate::line::{EXAMPLES, Line};
use crate::recorder::{Recorder, STEPS, Values, config, run, trainer};

#[test]
fn the_moving_average_has_its_closed_form_and_is_what_is_saved() {
    let task = Line::new();
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    let start = parameters::read(&task.model());
    trainer(&task, config().with_ema(0.7), root.path()).run(&mut recorder).unwrap();
    let mut expected: f64 = start["weight"].iter::<f64>().next().unwrap();
    for (step, weights, values) in &recorder.validated {
        let t = *step as f64;
        let decay = 0.7_f64.min((1.0 + t) / (10.0 + t));
        let current = recorder.weights[step]["weight"].iter::<f64>().next().unwrap();
        expected = decay * expected + (1.0 - decay) * current;
        let found = values["weight"].iter::<f64>().next().unwrap();
        assert!((found - expected).abs() < 1e-6, "step {step}: {found}, not {expected}");
        assert_eq!(*weights, Weights::Ema);
    }
    // Scores are equal, so the last model is the best.
    let (_, best, last) = run(&task, config().with_ema(0.7), &[]);
    assert_eq!(best.last().unwrap(), &recorder.validated.last().unwrap().2);
    assert_ne!(best.last().unwrap(), &last.weights);
}

#[test]
fn the_last_checkpoints_are_averaged_at_the_end() {
    let task = Line::new();
    let config =
        config().with_checkpoint_every(5).with_average(Average { of: AverageOf::Last, count: 2 });
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    let (step, weights, average) = recorder.validated.last().unwrap();
    assert_eq!((*step, *weights), (STEPS, Weights::Average));
    // Checkpoints are due at steps 5, 10 and 12.
    for (path, mean) in average {
        let of = |step: u64| recorder.weights[&step][path].iter::<f64>().next().unwrap();
        let found = mean.iter::<f64>().next().unwrap();
        assert!((found - (of(10) + of(12)) / 2.0).abs() < 1e-7, "{path}");
    }
    assert_eq!(&recorder.best.last().unwrap().1, average, "its score is the best");
    run(&task, config, &[]);
}

#[test]
fn an_average_without_a_place_for_its_weights_is_an_error() {
    let (task, root) = (Line::new(), tempfile::tempdir().unwrap());
    let config = config().with_average(Average { of: AverageOf::Last, count: 2 });
    let batching = Batching::Examples { examples: EXAMPLES, size: 4 };
    let mut trainer = Trainer::new(&task, config, BatchStream::new(batching, 7), task.model());
    let error = trainer.run(&mut Recorder::new(root.path())).unwrap_err();
    assert!(matches!(error, TrainError::NoSnapshots), "{error}");
}

#[test]
fn the_best_validations_are_averaged_at_the_end() {
    let task = Line::new();
    let config = config().with_average(Average { of: AverageOf::Best, count: 3 });
    let scores = [1.0, 7.0, 2.0, f64::NAN, 9.0, 3.0, 7.0, 1.0, 7.0, 0.0, 2.0, 6.0];
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder { scores: scores.to_vec(), ..Recorder::new(root.path()) };
    trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    let kept = &recorder.last.as_ref().unwrap().progress.snapshots;
    let expected = [(5, 9.0), (9, 7.0), (7, 7.0)];
    let expected = expected.map(|(step, score)| Snapshot { step, score: Some(score) });
    assert_eq!(kept, &expected, "of equal scores the later ones");
    for (path, mean) in &recorder.validated.last().unwrap().2 {
        let of = |step: u64| recorder.weights[&step][path].iter::<f64>().next().unwrap();
        let found = mean.iter::<f64>().next().unwrap();
        assert!((found - (of(5) + of(7) + of(9)) / 3.0).abs() < 1e-7, "{path}");
    }
    let scores = scores.map(|score| if score.is_nan() { -1.0 } else { score });
    run(&task, config, &scores);
}

#[test]
fn only_referenced_snapshots_stay() {
    let root = tempfile::tempdir().unwrap();
    let store = SnapshotStore::new(root.path());
    let weights = |value: f32| Values::from([("w".to_owned(), TensorData::from([value]))]);
    for step in [3, 10, 20] {
        store.save(step, &weights(step as f32)).unwrap();
    }
    store.keep_only(&BTreeSet::from([10])).unwrap();
    assert_eq!(store.load(10).unwrap(), weights(10.0));
    assert!(store.load(3).unwrap_err().to_string().contains("3.safetensors"));
    assert!(store.load(20).is_err());
}

#[test]
fn a_run_ends_when_the_score_stops_improving() {
    let task = Line::new();
    let scores = [1.0, 3.0, 2.0, 3.0, 3.5, 3.0, 3.5, 2.0, 9.0, 9.0, 9.0, 9.0];
    let (outcome, _, last) = run(&task, config().with_patience(3), &scores);
    assert_eq!(outcome, Outcome::Finished);
    assert_eq!((last.progress.step, last.progress.best_score), (8, Some(3.5)));
}
