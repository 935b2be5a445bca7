//! Constraints: each sequence and beam has its own state, under every strategy.

mod models;

use crosshead_generate::{
    BeamSearch, Constraint, ConstraintState, DecodingConfig, EarlyStopping, GenerateError, Hooks,
    Hypothesis, LengthPenalty, Normalization, Sampling, StopReason, Strategy, decode,
};
use models::HashModel;
use proptest::prelude::*;

const START: u32 = 0;
const EOS: u32 = 1;
const OPEN: u32 = 2;
const CLOSE: u32 = 3;
const VOCAB_SIZE: usize = 6;
const MAX_LEN: usize = 5;

/// Balanced brackets within `MAX_LEN` tokens.
struct Balanced;

#[derive(Clone)]
struct Depth {
    depth: usize,
    /// Remaining tokens, including the end token.
    remaining: usize,
}

impl Constraint for Balanced {
    fn start(&self, _: usize, _: &[u32]) -> Box<dyn ConstraintState> {
        Box::new(Depth { depth: 0, remaining: MAX_LEN })
    }
}

impl Depth {
    fn allows(&self, token: u32) -> bool {
        match token {
            EOS => self.depth == 0,
            CLOSE => self.depth > 0,
            OPEN => self.depth + 3 <= self.remaining,
            _ => self.depth + 2 <= self.remaining,
        }
    }
}

impl ConstraintState for Depth {
    fn apply(&self, scores: &mut [f32]) {
        for (token, score) in (0..).zip(scores) {
            if !self.allows(token) {
                *score = f32::NEG_INFINITY;
            }
        }
    }
    fn advance(&mut self, token: u32) {
        self.remaining -= 1;
        match token {
            OPEN => self.depth += 1,
            CLOSE => self.depth -= 1,
            _ => {}
        }
    }
    fn fork(&self) -> Box<dyn ConstraintState> {
        Box::new(self.clone())
    }
}

/// Forbids repeating the previous token.
struct NoDouble;

#[derive(Clone)]
struct Last(Option<u32>);

impl Constraint for NoDouble {
    fn start(&self, _: usize, prompt: &[u32]) -> Box<dyn ConstraintState> {
        Box::new(Last(prompt.last().copied()))
    }
}

impl ConstraintState for Last {
    fn apply(&self, scores: &mut [f32]) {
        if let Some(last) = self.0 {
            scores[last as usize] = f32::NEG_INFINITY;
        }
    }
    fn advance(&mut self, token: u32) {
        self.0 = Some(token);
    }
    fn fork(&self) -> Box<dyn ConstraintState> {
        Box::new(self.clone())
    }
}

/// Adds a number to the score of a token.
struct Bias(u32, f32);

impl Constraint for Bias {
    fn start(&self, _: usize, _: &[u32]) -> Box<dyn ConstraintState> {
        Box::new(Self(self.0, self.1))
    }
}

impl ConstraintState for Bias {
    fn apply(&self, scores: &mut [f32]) {
        scores[self.0 as usize] += self.1;
    }
    fn advance(&mut self, _: u32) {}
    fn fork(&self) -> Box<dyn ConstraintState> {
        Box::new(Self(self.0, self.1))
    }
}

fn config(strategy: impl Into<Strategy>) -> DecodingConfig {
    DecodingConfig::new(START, EOS)
        .with_suppressed([START])
        .with_max_len(MAX_LEN)
        .with_length_penalty(LengthPenalty::None)
        .with_strategy(strategy)
}

fn both() -> Hooks<'static> {
    Hooks::none().with_constraint(&Balanced).with_constraint(&NoDouble)
}

fn is_allowed(tokens: &[u32]) -> bool {
    let mut depth = 0_i32;
    let closes = tokens.iter().all(|&token| {
        depth += i32::from(token == OPEN) - i32::from(token == CLOSE);
        depth >= 0
    });
    closes && depth == 0 && tokens.windows(2).all(|pair| pair[0] != pair[1])
}

/// Every allowed sequence that ends within the limit, with its log-probability.
fn all_allowed(model: &HashModel) -> Vec<(Vec<u32>, f64)> {
    let log_prob = |path: &[u32], token: u32| {
        let logit = |token: u32| f64::from(model.logit(0, path, token as usize));
        logit(token) - (EOS..VOCAB_SIZE as u32).map(|token| logit(token).exp()).sum::<f64>().ln()
    };
    let (mut complete, mut open) = (Vec::new(), vec![(vec![START], 0.0)]);
    for _ in 0..MAX_LEN {
        let mut longer = Vec::new();
        for (path, sum) in open {
            if is_allowed(&path[1..]) {
                complete.push((path[1..].to_vec(), sum + log_prob(&path, EOS)));
            }
            for token in OPEN..VOCAB_SIZE as u32 {
                longer.push(([&path[..], &[token]].concat(), sum + log_prob(&path, token)));
            }
        }
        open = longer;
    }
    complete
}

proptest! {
    #[test]
    fn enough_beams_find_the_best_of_all_allowed_sequences(seed: u64) {
        let mut model = HashModel::new(VOCAB_SIZE, seed, [0]);
        let mut all = all_allowed(&model);
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        let options = BeamSearch::new(200).with_n_best(8).with_early_stopping(EarlyStopping::Never);
        let found = decode(&mut model, 1, &config(options), both()).unwrap().concat();
        prop_assert_eq!(found.len(), 8);
        for (found, (tokens, log_prob)) in found.iter().zip(&all) {
            prop_assert!((f64::from(found.log_prob) - log_prob).abs() < 1e-4, "{found:?}, {tokens:?} {log_prob}");
        }
    }

    #[test]
    fn states_follow_their_beams(seed: u64, beams in 1usize..5) {
        // With few beams, reordering is frequent: a state that did not follow its beam would allow forbidden tokens.
        let strategies: [Strategy; 3] =
            [Strategy::Greedy, Sampling::new(seed).into(), BeamSearch::new(beams).with_n_best(beams).into()];
        for strategy in strategies {
            let mut model = HashModel::new(VOCAB_SIZE, seed, 0..4);
            for found in decode(&mut model, 4, &config(strategy), both()).unwrap().concat() {
                prop_assert!(found.finished() && is_allowed(&found.tokens), "{strategy:?}: {found:?}");
            }
        }
    }

    #[test]
    fn a_bias_shifts_the_log_probability_by_its_value(seed: u64, bias in -3f32..3.0) {
        let run = |hooks| {
            let config = config(Strategy::Greedy).with_max_len(1).with_min_len(1);
            decode(&mut HashModel::new(VOCAB_SIZE, seed, [0]), 1, &config, hooks).unwrap().concat().remove(0)
        };
        let plain = run(Hooks::none());
        let constraint = Bias(plain.tokens[0], bias);
        let biased = run(Hooks::none().with_constraint(&constraint));
        if biased.tokens == plain.tokens {
            prop_assert!((biased.log_prob - plain.log_prob - bias).abs() < 1e-5);
        } else {
            prop_assert!(bias < 0.0 && biased.log_prob >= plain.log_prob + bias);
        }
    }
}

#[test]
fn remaining_probabilities_sum_to_1() {
    // Two tokens remain.
    let only =
        [Bias(EOS, f32::NEG_INFINITY), Bias(4, f32::NEG_INFINITY), Bias(5, f32::NEG_INFINITY)];
    let best = |normalization| -> Vec<Hypothesis> {
        let options = BeamSearch::new(4).with_n_best(2);
        let config = config(options).with_max_len(1).with_normalization(normalization);
        let hooks = only.iter().fold(Hooks::none(), |hooks, bias| hooks.with_constraint(bias));
        decode(&mut HashModel::new(VOCAB_SIZE, 3, [0]), 1, &config, hooks).unwrap().concat()
    };
    let sum =
        |found: Vec<Hypothesis>| -> f32 { found.iter().map(|found| found.log_prob.exp()).sum() };
    assert!((sum(best(Normalization::Remaining)) - 1.0).abs() < 1e-5);
    assert!(sum(best(Normalization::Allowed)) < 0.99);
}

#[test]
fn a_constraint_that_forbids_every_token_ends_the_sequence() {
    let all: Vec<Bias> =
        (0..VOCAB_SIZE as u32).map(|token| Bias(token, f32::NEG_INFINITY)).collect();
    for strategy in [Strategy::Greedy, BeamSearch::new(2).into(), Sampling::new(1).into()] {
        let hooks = all.iter().fold(Hooks::none(), |hooks, bias| hooks.with_constraint(bias));
        let mut model = HashModel::new(VOCAB_SIZE, 3, [0]);
        let found = decode(&mut model, 1, &config(strategy), hooks).unwrap().concat();
        assert_eq!((found[0].tokens.len(), found[0].stop), (0, StopReason::NoToken));
    }
}

#[test]
fn a_constraint_that_makes_a_score_nan_or_infinite_is_an_error() {
    for value in [f32::NAN, f32::INFINITY] {
        for strategy in [Strategy::Greedy, BeamSearch::new(2).into()] {
            let constraint = Bias(4, value);
            let hooks = Hooks::none().with_constraint(&constraint);
            let mut model = HashModel::new(VOCAB_SIZE, 3, 0..2);
            let error = decode(&mut model, 2, &config(strategy), hooks).unwrap_err();
            assert_eq!(error, GenerateError::InvalidConstraint { step: 0, row: 0 });
        }
    }
}
