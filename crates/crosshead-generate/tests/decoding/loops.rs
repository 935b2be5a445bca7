//! The guard against repetition loops.

use std::sync::{Arc, Mutex};

use crate::models::HashModel;
use crate::strategies::{beam_search, greedy};
use crosshead_generate::{
    BeamSearch, Constraint, ConstraintState, DecodingConfig, Hooks, LoopGuard, StepModel,
    StopReason, decode,
};
use proptest::prelude::*;

fn config(max_len: usize) -> DecodingConfig {
    DecodingConfig::new(0, 1).with_suppressed([0]).with_max_len(max_len)
}

/// The length up to the first copy of the n-gram of which there are more than `allowed` copies at the end.
fn looping(tokens: &[u32], allowed: usize) -> Option<usize> {
    (1..=tokens.len()).find_map(|n| {
        let copies = tokens.rchunks(n).take_while(|copy| *copy == &tokens[tokens.len() - n..]);
        (copies.count() > allowed).then(|| tokens.len() - n * allowed)
    })
}

/// Records every path that is extended.
#[derive(Default)]
struct Recorder(Arc<Mutex<Vec<Vec<u32>>>>);

struct Recorded(Arc<Mutex<Vec<Vec<u32>>>>, Vec<u32>);

impl Constraint for Recorder {
    fn start(&self, _: usize, _: &[u32]) -> Box<dyn ConstraintState> {
        Box::new(Recorded(self.0.clone(), Vec::new()))
    }
}

impl ConstraintState for Recorded {
    fn apply(&self, _: &mut [f32]) {}
    fn advance(&mut self, token: u32) {
        self.1.push(token);
        self.0.lock().unwrap().push(self.1.clone());
    }
    fn fork(&self) -> Box<dyn ConstraintState> {
        Box::new(Recorded(self.0.clone(), self.1.clone()))
    }
}

proptest! {
    #[test]
    fn greedy_decoding_is_cut_at_the_first_loop(seed: u64, allowed in 1usize..4) {
        let config = config(12);
        let guarded = config.clone().with_loop_guard(LoopGuard::new(allowed));
        let free = greedy(&mut HashModel::new(4, seed, 0..4), 4, &config).unwrap();
        let found = greedy(&mut HashModel::new(4, seed, 0..4), 4, &guarded).unwrap();
        for (free, found) in free.into_iter().zip(found) {
            let cut = (1..=free.tokens.len()).find_map(|len| looping(&free.tokens[..len], allowed));
            let Some(len) = cut else {
                prop_assert_eq!(found, free);
                continue;
            };
            prop_assert_eq!(&found.tokens, &free.tokens[..len]);
            prop_assert_eq!(&found.token_log_probs, &free.token_log_probs[..len]);
            prop_assert_eq!(found.stop, StopReason::Loop);
        }
    }

    #[test]
    fn beam_search_without_loops_does_not_change(seed: u64, allowed in 1usize..4, beams in 1usize..5, vocab_size in 4usize..9) {
        let recorder = Recorder::default();
        let options = BeamSearch::new(beams).with_n_best(beams);
        let config = config(8).with_strategy(options);
        let mut model = HashModel::new(vocab_size, seed, [0]);
        let hooks = Hooks::none().with_constraint(&recorder);
        let free = decode(&mut model, 1, &config, hooks).unwrap();
        let mut paths = recorder.0.lock().unwrap().clone();
        paths.extend(free[0].iter().map(|hypothesis| hypothesis.tokens.clone()));
        let guarded = config.with_loop_guard(LoopGuard::new(allowed));
        let mut model = HashModel::new(vocab_size, seed, [0]);
        let found = decode(&mut model, 1, &guarded, Hooks::none()).unwrap();
        if paths.iter().all(|path| looping(path, allowed).is_none()) {
            prop_assert_eq!(&found, &free);
        }
        for hypothesis in &found[0] {
            let loops = (1..=hypothesis.tokens.len())
                .any(|len| looping(&hypothesis.tokens[..len], allowed).is_some());
            prop_assert!(!loops, "{hypothesis:?}");
            prop_assert!(hypothesis.stop != StopReason::Loop || found[0].len() == 1);
        }
    }
}

/// Generates token 2 with probability 0.6, the end token 1 with `end` and token 3 with the rest.
struct Stuck {
    end: f32,
}

impl StepModel for Stuck {
    fn vocab_size(&self) -> usize {
        4
    }
    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        [0.0, self.end, 0.6, 0.4 - self.end].map(f32::ln).repeat(tokens.len())
    }
    fn reorder(&mut self, _: &[usize]) {}
}

#[test]
fn a_loop_loses_against_any_other_hypothesis_and_is_cut_if_there_is_none() {
    let config = config(20).with_loop_guard(LoopGuard::new(3));
    let found = beam_search(&mut Stuck { end: 0.1 }, 1, &config, BeamSearch::new(2)).unwrap();
    assert_ne!(found[0][0].stop, StopReason::Loop);
    let short = config.clone().with_max_len(12);
    let found = beam_search(&mut Stuck { end: 0.0 }, 1, &short, BeamSearch::new(1)).unwrap();
    assert_eq!(found[0][0].tokens, [2, 2, 2, 3].repeat(3), "token 3 breaks the loop");
    let config = config.with_suppressed([0, 1, 3]);
    let found = beam_search(&mut Stuck { end: 0.0 }, 1, &config, BeamSearch::new(2)).unwrap();
    assert_eq!((found[0][0].tokens.as_slice(), found[0][0].stop), (&[2][..], StopReason::Loop));
}

#[test]
fn a_source_with_a_loop_allows_one_as_long() {
    let guard = LoopGuard::new(3);
    let config = config(20).with_loop_guard(guard).with_sources(vec![vec![9, 3, 3, 3, 3, 3, 3, 9]]);
    let mut model = HashModel::new(4, 1, [0]);
    // The source may have tokens that the model does not generate.
    greedy(&mut model, 1, &config).unwrap();
    let config = config.with_sources(vec![vec![3; 6]]);
    let found = greedy(&mut Stuck { end: 0.1 }, 1, &config).unwrap();
    assert_eq!((found[0].tokens.as_slice(), found[0].stop), (&[2][..], StopReason::Loop));
    let config = config.with_max_len(6);
    let found = greedy(&mut Stuck { end: 0.1 }, 1, &config).unwrap();
    assert_eq!((found[0].tokens.len(), found[0].stop), (6, StopReason::MaxLength));
}
