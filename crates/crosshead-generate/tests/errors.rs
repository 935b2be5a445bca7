//! Errors for broken models and invalid options.

mod models;
mod strategies;

use crosshead_generate::{
    BeamSearch, DecodingConfig, GenerateError, LengthPenalty, Sampling, StepModel, StopReason,
};
use models::HashModel;
use strategies::{beam_search, greedy, sample};

/// Replaces one logit of a row at a step.
struct Broken {
    model: HashModel,
    step: usize,
    row: usize,
    value: f32,
}

impl StepModel for Broken {
    fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        let mut logits = self.model.step(tokens);
        if self.model.rows[0].1.len() == self.step + 1 {
            logits[self.row * self.model.vocab_size + 3] = self.value;
        }
        logits
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.model.reorder(rows);
    }
}

fn config() -> DecodingConfig {
    DecodingConfig::new(0, 1).with_max_len(6).with_min_len(6)
}

fn beams() -> BeamSearch {
    BeamSearch::new(3)
}

#[test]
fn non_finite_logits_are_reported_with_step_and_row() {
    for value in [f32::NAN, f32::INFINITY] {
        let broken = |step, row| Broken { model: HashModel::new(8, 1, 0..4), step, row, value };
        let expected = |step, row| GenerateError::InvalidLogits { step, row };
        assert_eq!(
            beam_search(&mut broken(0, 2), 4, &config(), beams()).unwrap_err(),
            expected(0, 2)
        );
        assert_eq!(
            beam_search(&mut broken(2, 7), 4, &config(), beams()).unwrap_err(),
            expected(2, 7)
        );
        assert_eq!(greedy(&mut broken(1, 3), 4, &config()).unwrap_err(), expected(1, 3));
    }
    let message = GenerateError::InvalidLogits { step: 2, row: 7 }.to_string();
    assert!(message.starts_with("the model produced NaN or infinite logits at step 2, row 7"));
}

#[test]
fn a_wrong_number_of_logits_is_reported() {
    struct Short;
    impl StepModel for Short {
        fn vocab_size(&self) -> usize {
            8
        }
        fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
            vec![0.0; 8 * tokens.len() - 1]
        }
        fn reorder(&mut self, _: &[usize]) {}
    }
    let expected = GenerateError::LogitsShape { len: 15, rows: 2, vocab_size: 8 };
    assert_eq!(greedy(&mut Short, 2, &config()), Err(expected.clone()));
    assert_eq!(beam_search(&mut Short, 2, &config(), beams()), Err(expected));
}

#[test]
fn invalid_options_are_reported_by_name() {
    let rejects = |config: DecodingConfig, option: &str| {
        let mut model = HashModel::new(8, 1, 0..2);
        let error = beam_search(&mut model, 2, &config, beams()).unwrap_err();
        assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    };
    rejects(DecodingConfig::new(8, 1), "start_id");
    rejects(DecodingConfig::new(0, 9), "eos_ids");
    rejects(config().with_suppressed([0, 8]), "suppressed");
    rejects(config().with_max_len(0), "max_len");
    rejects(config().with_max_len(vec![3, 0]), "max_len");
    rejects(config().with_max_len(vec![3]), "max_len");
    rejects(config().with_min_len(vec![3]), "min_len");
    rejects(config().with_forced_eos([1, 8]), "forced_eos");
    rejects(config().with_repetition_penalty(0.0), "repetition_penalty");
    rejects(config().with_repetition_penalty(f32::NAN), "repetition_penalty");
    rejects(config().with_length_penalty(LengthPenalty::Gnmt(f32::NAN)), "length_penalty");
    for (options, option) in [
        (BeamSearch::new(0), "beams"),
        (beams().with_n_best(0), "n_best"),
        (beams().with_n_best(4), "n_best"),
    ] {
        let mut model = HashModel::new(8, 1, 0..2);
        let error = beam_search(&mut model, 2, &config(), options).unwrap_err();
        assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    }
    for (sampling, option) in [
        (Sampling::new(1).with_temperature(0.0), "temperature"),
        (Sampling::new(1).with_top_p(0.0), "top_p"),
        (Sampling::new(1).with_top_p(1.1), "top_p"),
    ] {
        let error = sample(&mut HashModel::new(8, 1, 0..2), 2, &config(), sampling).unwrap_err();
        assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    }
}

#[test]
fn a_sequence_ends_when_every_token_is_forbidden() {
    // Tokens 2 and 3 may each occur once; then only the end token is left, which `min_len` forbids.
    let config = config().with_suppressed([0]).with_no_repeat_ngram_size(1);
    let model = HashModel::new(4, 1, 0..2);
    for found in [
        greedy(&mut model.clone(), 2, &config).unwrap(),
        beam_search(&mut model.clone(), 2, &config, beams()).unwrap().concat(),
        sample(&mut model.clone(), 2, &config, Sampling::new(1)).unwrap(),
    ] {
        assert_eq!(found.len(), 2);
        for hypothesis in found {
            assert_eq!(hypothesis.tokens.len(), 2);
            assert_eq!(hypothesis.stop, StopReason::NoToken);
            assert!(!hypothesis.finished() && hypothesis.score.is_finite());
        }
    }
}

#[test]
fn an_empty_batch_never_calls_the_model() {
    let mut model = HashModel::new(8, 1, 0..1);
    assert_eq!(greedy(&mut model, 0, &config()).unwrap(), []);
    assert!(beam_search(&mut model, 0, &config(), beams()).unwrap().is_empty());
    assert!(model.rows[0].1.is_empty());
}
