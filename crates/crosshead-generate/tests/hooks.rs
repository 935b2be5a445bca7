//! Observers, stopping sequences, rollback, and stop reasons.

mod models;

use crosshead_generate::{
    BeamSearch, DecodingConfig, Flow, Hooks, Hypothesis, Rollback, Sampling, Step, StepModel,
    StepToken, StopReason, Strategy, decode,
};
use models::HashModel;

const BATCH: usize = 16;
const MAX_LEN: usize = 5;

fn config(strategy: impl Into<Strategy>) -> DecodingConfig {
    DecodingConfig::new(0, 1).with_suppressed([0]).with_max_len(MAX_LEN).with_strategy(strategy)
}

fn single_path_strategies() -> [Strategy; 2] {
    [Strategy::Greedy, Sampling::new(3).into()]
}

fn run(config: &DecodingConfig, hooks: Hooks<'_>) -> Vec<Vec<Hypothesis>> {
    let mut model = HashModel::new(6, 11, 0..BATCH as u64);
    decode(&mut model, BATCH, config, hooks).unwrap()
}

#[test]
fn streamed_tokens_equal_the_returned_ones() {
    for strategy in single_path_strategies() {
        let (mut streamed, mut stops) = (vec![Vec::new(); BATCH], vec![None; BATCH]);
        let mut log_probs = vec![Vec::new(); BATCH];
        let (mut numbers, mut live) = (Vec::new(), Vec::new());
        let mut observer = |step: &Step<'_>| {
            for &StepToken { sequence, token, log_prob, stop } in step.tokens {
                assert_eq!(stops[sequence], None, "a token after the end");
                streamed[sequence].push(token);
                log_probs[sequence].push(log_prob);
                stops[sequence] = stop;
            }
            numbers.push(step.number);
            live.push(step.live);
            Flow::Continue
        };
        let config = config(strategy);
        let found = run(&config, Hooks::none().with_observer(&mut observer)).concat();
        assert_eq!(found, run(&config, Hooks::none()).concat());
        for (sequence, found) in found.iter().enumerate() {
            let returned: Vec<u32> =
                found.tokens.iter().copied().chain(found.end_token()).collect();
            assert_eq!(streamed[sequence], returned);
            assert_eq!(log_probs[sequence], found.token_log_probs);
            assert_eq!(stops[sequence], Some(found.stop));
        }
        assert!(found.iter().any(|found| found.stop == StopReason::EndToken(1)));
        assert!(found.iter().any(|found| found.stop == StopReason::MaxLength));
        assert_eq!(numbers, (0..MAX_LEN).collect::<Vec<_>>());
        assert!(live.is_sorted_by(|a, b| a >= b) && live.last() == Some(&0));
    }
}

/// Stops all sequences after a number of steps.
fn cancelled_after(steps: usize, config: &DecodingConfig) -> Vec<Vec<Hypothesis>> {
    let mut observer = |step: &Step<'_>| match step.number + 1 == steps {
        true => Flow::StopAll,
        false => Flow::Continue,
    };
    run(config, Hooks::none().with_observer(&mut observer))
}

#[test]
fn cancelling_returns_the_tokens_so_far() {
    for strategy in single_path_strategies() {
        let config = config(strategy);
        let full = run(&config, Hooks::none()).concat();
        let mut cancelled = 0;
        for steps in 1..MAX_LEN {
            let found = cancelled_after(steps, &config).concat();
            for (found, full) in found.iter().zip(&full) {
                if found.stop == StopReason::Cancelled {
                    assert_eq!(found.tokens, full.tokens[..steps]);
                    cancelled += 1;
                } else {
                    assert_eq!(found, full);
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
    let full = run(&config, Hooks::none());
    let (mut mixed, mut untouched) = (0, 0);
    for steps in 1..max_len {
        for (found, full) in cancelled_after(steps, &config).iter().zip(&full) {
            assert_eq!(found.len(), 3);
            assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            let cut: Vec<_> = found.iter().filter(|h| h.stop == StopReason::Cancelled).collect();
            assert!(cut.iter().all(|hypothesis| hypothesis.tokens.len() == steps));
            mixed += usize::from((1..3).contains(&cut.len()));
            untouched += usize::from(cut.is_empty() && found == full);
        }
    }
    assert!(mixed > 0 && untouched > 0, "{mixed} mixed, {untouched} untouched");
}

#[test]
fn stopping_one_sequence_leaves_the_others_unchanged() {
    let beams: Strategy = BeamSearch::new(3).with_n_best(3).into();
    for strategy in single_path_strategies().into_iter().chain([beams]) {
        let config = config(strategy);
        let full = run(&config, Hooks::none());
        for (stopped, steps) in [(0, 1), (7, 2), (BATCH - 1, 3)] {
            let mut observer = |step: &Step<'_>| match step.number + 1 == steps {
                // Indices outside the batch have no effect.
                true => Flow::Stop(vec![BATCH, stopped]),
                false => Flow::Continue,
            };
            let found = run(&config, Hooks::none().with_observer(&mut observer));
            let all = cancelled_after(steps, &config);
            for sequence in 0..BATCH {
                let expected = if sequence == stopped { &all } else { &full };
                assert_eq!(found[sequence], expected[sequence], "{strategy:?}, {sequence}");
            }
        }
    }
}

#[test]
fn a_stopped_sequence_is_not_extended() {
    for strategy in single_path_strategies() {
        let mut lengths = vec![0; BATCH];
        let mut observer = |step: &Step<'_>| {
            step.tokens.iter().for_each(|chosen| lengths[chosen.sequence] += 1);
            // Each sequence may have as many tokens as its index.
            Flow::Stop((0..BATCH).filter(|&sequence| lengths[sequence] >= sequence).collect())
        };
        let found = run(&config(strategy), Hooks::none().with_observer(&mut observer)).concat();
        for (sequence, (found, len)) in found.iter().zip(lengths).enumerate() {
            assert_eq!(found.tokens.len() + usize::from(found.finished()), len);
            assert!(len <= sequence.max(1));
            let expected = len < sequence || found.finished() || len == MAX_LEN;
            assert_eq!(found.stop != StopReason::Cancelled, expected, "{found:?}");
        }
    }
}

#[test]
fn flows_combine_to_stop_what_either_stops() {
    let flows = [Flow::Continue, Flow::Stop(vec![1]), Flow::Stop(vec![2, 3]), Flow::StopAll];
    for first in &flows {
        for second in &flows {
            let both = first.clone().and(second.clone());
            for sequence in 0..5 {
                let expected = first.stops(sequence) || second.stops(sequence);
                assert_eq!(both.stops(sequence), expected, "{first:?} and {second:?}");
            }
        }
    }
}

#[test]
fn beam_search_reports_progress_and_no_tokens() {
    let mut live = Vec::new();
    let mut observer = |step: &Step<'_>| {
        assert!(step.tokens.is_empty());
        live.push(step.live);
        Flow::Continue
    };
    run(&config(BeamSearch::new(2)), Hooks::none().with_observer(&mut observer));
    assert!(live.is_sorted_by(|a, b| a >= b) && live.last() == Some(&0));
}

#[test]
fn step_many_equals_single_steps() {
    let (mut many, mut single) = (HashModel::new(6, 5, 0..2), HashModel::new(6, 5, 0..2));
    let found = many.step_many(&[0, 4, 2, 0, 3, 5], 3);
    let steps = [single.step(&[0, 0]), single.step(&[4, 3]), single.step(&[2, 5])];
    for (row, found) in found.chunks(18).enumerate() {
        for (found, step) in found.chunks(6).zip(&steps) {
            assert_eq!(found, &step[row * 6..][..6]);
        }
    }
    assert_eq!(many.rows, single.rows);
}

#[test]
fn rollback_equals_never_having_fed_the_tokens() {
    let (mut rolled, mut plain) = (HashModel::new(6, 5, 0..2), HashModel::new(6, 5, 0..2));
    rolled.step(&[0, 0]);
    rolled.step_many(&[4, 2, 5, 3], 2);
    rolled.rollback(2);
    plain.step(&[0, 0]);
    assert_eq!(rolled.step(&[1, 3]), plain.step(&[1, 3]));
}

#[test]
fn a_config_round_trips_through_json() {
    for strategy in
        [Strategy::Greedy, Sampling::new(1).with_top_k(5).into(), BeamSearch::new(4).into()]
    {
        let config = config(strategy).with_min_len(vec![1, 2]).with_forced_bos(3);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<DecodingConfig>(&json).unwrap(), config);
    }
}
