//! Observers, cancelling, and why sequences end.

mod models;

use std::ops::ControlFlow;

use crosshead_generate::{
    BeamSearch, DecodingConfig, Hooks, Hypothesis, Sampling, Step, StepModel, StepToken,
    StopReason, Strategy, decode,
};
use models::HashModel;

const BATCH: usize = 16;
const MAX_LEN: usize = 5;

fn config(strategy: impl Into<Strategy>) -> DecodingConfig {
    DecodingConfig::new(0, 1).with_suppressed([0]).with_max_len(MAX_LEN).with_strategy(strategy)
}

fn one_path_strategies() -> [Strategy; 2] {
    [Strategy::Greedy, Sampling::new(3).into()]
}

fn run(config: &DecodingConfig, hooks: Hooks<'_>) -> Vec<Vec<Hypothesis>> {
    let mut model = HashModel::new(6, 11, 0..BATCH as u64);
    decode(&mut model, BATCH, config, hooks).unwrap()
}

#[test]
fn the_streamed_tokens_are_the_returned_ones() {
    for strategy in one_path_strategies() {
        let (mut streamed, mut stops) = (vec![Vec::new(); BATCH], vec![None; BATCH]);
        let (mut numbers, mut live) = (Vec::new(), Vec::new());
        let mut observer = |step: &Step<'_>| {
            for &StepToken { sequence, token, stop } in step.tokens {
                assert_eq!(stops[sequence], None, "nothing comes after the end");
                streamed[sequence].push(token);
                stops[sequence] = stop;
            }
            numbers.push(step.number);
            live.push(step.live);
            ControlFlow::Continue(())
        };
        let config = config(strategy);
        let found = run(&config, Hooks::none().with_observer(&mut observer)).concat();
        assert_eq!(found, run(&config, Hooks::none()).concat());
        for (sequence, found) in found.iter().enumerate() {
            let returned: Vec<u32> =
                found.tokens.iter().copied().chain(found.end_token()).collect();
            assert_eq!(streamed[sequence], returned);
            assert_eq!(stops[sequence], Some(found.stop));
        }
        assert!(found.iter().any(|found| found.stop == StopReason::EndToken(1)));
        assert!(found.iter().any(|found| found.stop == StopReason::MaxLength));
        assert_eq!(numbers, (0..MAX_LEN).collect::<Vec<_>>());
        assert!(live.is_sorted_by(|a, b| a >= b) && live.last() == Some(&0));
    }
}

/// Cancels after a number of steps.
fn cancelled_after(steps: usize, config: &DecodingConfig) -> Vec<Vec<Hypothesis>> {
    let mut observer = |step: &Step<'_>| match step.number + 1 == steps {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    run(config, Hooks::none().with_observer(&mut observer))
}

#[test]
fn cancelling_returns_what_there_is() {
    for strategy in one_path_strategies() {
        let config = config(strategy);
        let whole = run(&config, Hooks::none()).concat();
        let mut cancelled = 0;
        for steps in 1..MAX_LEN {
            let found = cancelled_after(steps, &config).concat();
            for (found, whole) in found.iter().zip(&whole) {
                if found.stop == StopReason::Cancelled {
                    assert_eq!(found.tokens, whole.tokens[..steps]);
                    cancelled += 1;
                } else {
                    assert_eq!(found, whole);
                }
            }
        }
        assert!(cancelled > 0);
    }
}

#[test]
fn a_cancelled_beam_search_ranks_its_live_beams_with_the_finished_ones() {
    let max_len = 12;
    let config = config(BeamSearch::new(3).with_n_best(3)).with_max_len(max_len);
    let whole = run(&config, Hooks::none());
    let (mut mixed, mut untouched) = (0, 0);
    for steps in 1..max_len {
        for (found, whole) in cancelled_after(steps, &config).iter().zip(&whole) {
            assert_eq!(found.len(), 3);
            assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            let cut: Vec<_> = found.iter().filter(|h| h.stop == StopReason::Cancelled).collect();
            assert!(cut.iter().all(|hypothesis| hypothesis.tokens.len() == steps));
            mixed += usize::from((1..3).contains(&cut.len()));
            untouched += usize::from(cut.is_empty() && found == whole);
        }
    }
    assert!(mixed > 0 && untouched > 0, "{mixed} mixed, {untouched} untouched");
}

#[test]
fn beam_search_reports_progress_and_no_tokens() {
    let mut live = Vec::new();
    let mut observer = |step: &Step<'_>| {
        assert!(step.tokens.is_empty());
        live.push(step.live);
        ControlFlow::Continue(())
    };
    run(&config(BeamSearch::new(2)), Hooks::none().with_observer(&mut observer));
    assert!(live.is_sorted_by(|a, b| a >= b) && live.last() == Some(&0));
}

#[test]
fn several_tokens_at_once_give_the_logits_of_single_steps() {
    let (mut at_once, mut single) = (HashModel::new(6, 5, 0..2), HashModel::new(6, 5, 0..2));
    let found = at_once.step_many(&[0, 4, 2, 0, 3, 5], 3);
    let steps = [single.step(&[0, 0]), single.step(&[4, 3]), single.step(&[2, 5])];
    for (row, found) in found.chunks(18).enumerate() {
        for (found, step) in found.chunks(6).zip(&steps) {
            assert_eq!(found, &step[row * 6..][..6]);
        }
    }
    assert_eq!(at_once.rows, single.rows);
}

#[test]
fn a_config_survives_json() {
    for strategy in
        [Strategy::Greedy, Sampling::new(1).with_top_k(5).into(), BeamSearch::new(4).into()]
    {
        let config = config(strategy).with_min_len(vec![1, 2]).with_forced_bos(3);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<DecodingConfig>(&json).unwrap(), config);
    }
}
