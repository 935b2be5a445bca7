//! Tokens and scores equal those of Hugging Face transformers; `fixtures/export.py` writes the fixture.

use crosshead_generate::{
    BeamSearch, DecodingConfig, EarlyStopping, Hooks, Hypothesis, LengthPenalty, Normalization,
    StepModel, Strategy, decode,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Fixture {
    vocab_size: usize,
    eos: u32,
    pad: u32,
    transitions: Vec<f32>,
    sources: Vec<f32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    options: Options,
    sentences: Vec<usize>,
    hypotheses: Vec<Vec<Expected>>,
}

/// Arguments of `generate`, with its defaults.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    num_beams: usize,
    max_length: usize,
    forced_eos_token_id: Option<u32>,
    min_new_tokens: usize,
    length_penalty: f32,
    early_stopping: Value,
    no_repeat_ngram_size: usize,
    repetition_penalty: f32,
    suppress_tokens: Vec<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            num_beams: 1,
            max_length: 20,
            forced_eos_token_id: None,
            min_new_tokens: 0,
            length_penalty: 1.0,
            early_stopping: Value::Bool(false),
            no_repeat_ngram_size: 0,
            repetition_penalty: 1.0,
            suppress_tokens: Vec::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Expected {
    tokens: Vec<u32>,
    finished: bool,
    score: f32,
}

impl Options {
    fn config(&self, fixture: &Fixture) -> DecodingConfig {
        let early_stopping = match &self.early_stopping {
            Value::Bool(true) => EarlyStopping::Full,
            Value::Bool(false) => EarlyStopping::Heuristic,
            _ => EarlyStopping::Never,
        };
        let strategy = match self.num_beams {
            1 => Strategy::Greedy,
            beams => {
                let options = BeamSearch::new(beams).with_n_best(beams);
                options.with_early_stopping(early_stopping).into()
            }
        };
        DecodingConfig::new(fixture.pad, fixture.eos)
            .with_suppressed(self.suppress_tokens.as_slice())
            .with_normalization(Normalization::WholeVocabulary)
            .with_max_len(self.max_length - 1)
            .with_forced_eos(self.forced_eos_token_id.into_iter().collect::<Vec<_>>())
            .with_min_len(self.min_new_tokens)
            .with_strategy(strategy)
            .with_length_penalty(LengthPenalty::Power(self.length_penalty))
            .with_no_repeat_ngram_size(self.no_repeat_ngram_size)
            .with_repetition_penalty(self.repetition_penalty)
    }
}

/// `transitions[token before last][last token] + sources[sentence]`; the padding column is `pad_logit`.
struct TableModel<'a> {
    fixture: &'a Fixture,
    pad_logit: f32,
    /// Sentence and last token of each row.
    rows: Vec<(usize, u32)>,
}

impl StepModel for TableModel<'_> {
    fn vocab_size(&self) -> usize {
        self.fixture.vocab_size
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        assert_eq!(tokens.len(), self.rows.len());
        let Fixture { vocab_size, pad, transitions, sources, .. } = self.fixture;
        let mut logits = Vec::new();
        for ((sentence, last), &token) in self.rows.iter_mut().zip(tokens) {
            let state = *last as usize * vocab_size + token as usize;
            let row = transitions[state * vocab_size..][..*vocab_size].iter();
            let bias = &sources[*sentence * vocab_size..][..*vocab_size];
            logits.extend(row.zip(bias).map(|(transition, bias)| transition + bias));
            let pad_at = logits.len() - vocab_size + *pad as usize;
            logits[pad_at] = self.pad_logit;
            *last = token;
        }
        logits
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.rows = rows.iter().map(|&row| self.rows[row]).collect();
    }
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../fixtures/search.json")).unwrap()
}

fn search(
    fixture: &Fixture,
    case: &Case,
    config: &DecodingConfig,
    pad_logit: f32,
) -> Vec<Vec<Hypothesis>> {
    let rows = case.sentences.iter().map(|&sentence| (sentence, fixture.pad)).collect();
    let mut model = TableModel { fixture, pad_logit, rows };
    decode(&mut model, case.sentences.len(), config, Hooks::none()).unwrap()
}

#[track_caller]
fn assert_equal(found: &[Vec<Hypothesis>], case: &Case, scores: bool) {
    assert_eq!(found.len(), case.hypotheses.len());
    for ((found, expected), sentence) in found.iter().zip(&case.hypotheses).zip(&case.sentences) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let at =
                format!("sentence {sentence}, {:?}: {found:?}, not {expected:?}", case.options);
            assert_eq!(found.tokens, expected.tokens, "{at}");
            assert_eq!(found.finished(), expected.finished, "{at}");
            assert!(!scores || (found.score - expected.score).abs() < 1e-4, "{at}");
        }
    }
}

#[test]
fn tokens_and_scores_equal_transformers() {
    let fixture = fixture();
    let compared: usize = fixture.cases.iter().map(|case| case.sentences.len()).sum();
    assert!(compared > 300, "only {compared} sentences are in the fixture");
    for case in &fixture.cases {
        let found = search(&fixture, case, &case.options.config(&fixture), f32::NEG_INFINITY);
        // transformers returns no scores for greedy decoding: the fixture computes them from the model's probabilities.
        let changed =
            case.options.repetition_penalty != 1.0 || case.options.forced_eos_token_id.is_some();
        assert_equal(&found, case, case.options.num_beams > 1 || !changed);
    }
}

#[test]
fn suppressing_a_token_equals_a_model_that_never_generates_it() {
    let fixture = fixture();
    for case in fixture.cases.iter().filter(|case| case.options.suppress_tokens.is_empty()) {
        let config = case.options.config(&fixture).with_suppressed([fixture.pad]);
        let config = config.with_normalization(Normalization::Allowed);
        for pad_logit in [-1e9, 50.0] {
            let never = search(&fixture, case, &config, f32::NEG_INFINITY);
            assert_eq!(search(&fixture, case, &config, pad_logit), never);
        }
    }
}
