//! The guard against divergence.

use crosshead_train::{
    AdamConfig, Divergence, Guard, MAX_ROLLBACKS, MuonConfig, OnDivergence, Outcome, Remedy,
    Schedule, SgdConfig, Symptom, TrainConfig, TrainError,
};

use crate::line::Line;
use crate::recorder::{Recorder, STEPS, config, run, trainer};

fn guarded(action: OnDivergence, spike: Option<f64>) -> TrainConfig {
    config().with_guard(Guard { action, spike })
}

#[test]
fn a_skipped_step_changes_neither_weights_nor_the_optimizer() {
    let task = Line::with_factor(|examples| if examples.contains(&3) { f32::NAN } else { 1.0 });
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    let config = guarded(OnDivergence::Skip, None).with_optimizer(MuonConfig::new());
    trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    // Each epoch has three batches, of which one has the example.
    assert_eq!(recorder.divergences.len() as u64, STEPS / 3);
    for Divergence { step, symptom, examples, remedy } in &recorder.divergences {
        assert_eq!((*symptom, *remedy), (Symptom::LossNotFinite, Remedy::Skipped));
        assert!(examples.contains(&3) && examples.len() <= 4);
        if let Some(before) = recorder.weights.get(&(step - 1)) {
            assert_eq!(before, &recorder.weights[step]);
        }
    }
    run(&task, config, &[]);
}

#[test]
fn a_run_goes_back_with_half_the_rate_until_it_gives_up() {
    let task =
        Line::with_factor(|examples| if examples.contains(&3) { f32::INFINITY } else { 1.0 });
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    let config = guarded(OnDivergence::RollBack, None);
    let error = trainer(&task, config, root.path()).run(&mut recorder).unwrap_err();
    let TrainError::Diverged { step, examples, .. } = &error else { panic!("{error}") };
    assert!(examples.contains(&3));
    if *step == 1 {
        assert!(error.to_string().contains("no checkpoint yet"), "{error}");
        return;
    }
    assert!(error.to_string().contains("went back 5 times"), "{error}");
    let factors: Vec<f64> = recorder
        .divergences
        .iter()
        .map(|divergence| match divergence.remedy {
            Remedy::RolledBack { to, rate_factor } => {
                // There is a checkpoint at every step, and the last one may be what diverges.
                assert_eq!(to, step.saturating_sub(2).max(1));
                rate_factor
            }
            Remedy::Skipped => panic!("nothing is skipped"),
        })
        .collect();
    assert_eq!(factors, [0.5, 0.25, 0.125, 0.0625, 0.03125]);
    assert_eq!(factors.len(), MAX_ROLLBACKS as usize);
}

#[test]
fn a_rate_that_is_too_high_is_halved_until_the_run_recovers() {
    let task = Line::new();
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    // The largest second derivative of the loss is between 2 and 4, so gradient descent diverges with rates above 1. There is a
    // checkpoint at every step: the last one before the loss overflows is of no use.
    let config = TrainConfig::new(100, Schedule::Constant { peak: 4.8 })
        .with_optimizer(SgdConfig::new().with_momentum(0.0))
        .with_max_norm(0.0)
        .with_guard(Guard { action: OnDivergence::RollBack, spike: None })
        .with_validate_every(100)
        .with_checkpoint_every(1)
        .with_seed(7);
    recorder.scores = vec![0.0; 100];
    let outcome = trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    assert_eq!(outcome, Outcome::Finished);
    let rollbacks = recorder.divergences.len();
    assert!((3..=4).contains(&rollbacks), "{:?}", recorder.divergences);
    for Divergence { step, remedy, .. } in &recorder.divergences {
        let Remedy::RolledBack { to, .. } = remedy else { panic!("{remedy:?}") };
        assert_eq!(*to, step - 2);
    }
    assert_eq!(recorder.rates[&100], 4.8 * 0.5_f64.powi(rollbacks as i32));
    let back_at = recorder.divergences[rollbacks - 1].step - 1;
    let loss = |step: u64| f64::from_bits(recorder.losses[&step]);
    assert!(loss(100) < 1e-3 * loss(back_at), "{} {}", loss(back_at), loss(100));
}

#[test]
fn a_spike_of_the_loss_is_skipped_once_the_usual_loss_is_known() {
    let task = Line::with_factor(|examples| if examples.contains(&3) { 1e4 } else { 1.0 });
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(root.path());
    let config = TrainConfig::new(90, Schedule::Constant { peak: 1e-3 })
        .with_optimizer(AdamConfig::new())
        .with_guard(Guard { action: OnDivergence::Skip, spike: Some(2.0) })
        .with_seed(7);
    trainer(&task, config, root.path()).run(&mut recorder).unwrap();
    // One of three batches has the example; its loss is three times the mean.
    let steps: Vec<u64> = recorder.divergences.iter().map(|found| found.step).collect();
    assert!((10..=14).contains(&steps.len()) && steps[0] > 50, "{steps:?}");
    for Divergence { symptom, examples, remedy, .. } in &recorder.divergences {
        // The loss is looked at first.
        let (Symptom::LossSpike { value, usual } | Symptom::GradientSpike { value, usual }) =
            symptom
        else {
            panic!("{symptom}")
        };
        assert!(value > &(2.0 * usual) && examples.contains(&3));
        assert_eq!(*remedy, Remedy::Skipped);
    }
    let is_of_loss = |found: &Divergence| matches!(found.symptom, Symptom::LossSpike { .. });
    assert!(recorder.divergences.iter().any(is_of_loss));
}
