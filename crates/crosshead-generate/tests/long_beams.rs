//! Beam searches over more than 100 tokens stop at the same point as in transformers; `fixtures/export_long_beams.py`
//! writes the fixture and describes the model.

use crosshead_generate::{
    BeamSearch, DecodingConfig, EarlyStopping, Hooks, Hypothesis, LengthPenalty, Normalization,
    StepModel, decode,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Fixture {
    vocab_size: usize,
    pad: u32,
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
struct Batch {
    /// Index of the first sentence.
    first: u64,
    eos: Vec<u32>,
    prompt: Vec<u32>,
    model: TableOptions,
    options: Options,
    /// Sentences for which a rounding error may change the search.
    close: Vec<usize>,
    hypotheses: Vec<Vec<Expected>>,
}

#[derive(Clone, Copy, Deserialize)]
struct TableOptions {
    scale: f32,
    eos_bias: f32,
}

/// The arguments of `generate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    num_beams: usize,
    length_penalty: f32,
    early_stopping: Value,
    max_length: usize,
    #[serde(default)]
    forced_eos_token_id: Value,
    #[serde(default)]
    min_new_tokens: usize,
    #[serde(default)]
    renormalize_logits: bool,
    #[serde(default)]
    suppress_tokens: Vec<u32>,
}

/// Number of tokens, their hash, whether the hypothesis ended with an end token, and its score.
#[derive(Debug, Deserialize)]
struct Expected(usize, u32, bool, f32);

/// Logits that depend on the sentence, its last two tokens and, weakly, on the position.
struct TableModel<'a> {
    fixture: &'a Fixture,
    batch: &'a Batch,
    /// Sentence, token before last and last token of each row.
    rows: Vec<(u64, u32, u32)>,
    /// The tokens of each row.
    len: usize,
    begun: bool,
}

impl<'a> TableModel<'a> {
    /// The model after all of the prompt except its last token.
    fn new(fixture: &'a Fixture, batch: &'a Batch, sentences: &[usize]) -> Self {
        let [.., last] = batch.prompt[..] else { panic!("a prompt has a token") };
        let before = batch.prompt.iter().rev().nth(1).copied().unwrap_or(fixture.pad);
        let row = |&sentence: &usize| (batch.first + sentence as u64, before, last);
        let (rows, len) = (sentences.iter().map(row).collect(), batch.prompt.len());
        Self { fixture, batch, rows, len, begun: false }
    }

    fn logit(&self, (sentence, before, last): (u64, u32, u32), token: u32) -> f32 {
        let n = self.fixture.vocab_size as u64;
        if token == self.fixture.pad {
            return f32::NEG_INFINITY;
        }
        let [before, last, token_at] = [before, last, token].map(u64::from);
        let value = drawn(sentence, (before * n + last) * n + token_at);
        let position = drawn(sentence, n * n * n + self.len as u64 * n + token_at);
        let TableOptions { scale, eos_bias } = self.batch.model;
        let bias = if self.batch.eos.contains(&token) { eos_bias } else { 0.0 };
        (value + position / 16.0) * scale - bias
    }
}

impl StepModel for TableModel<'_> {
    fn vocab_size(&self) -> usize {
        self.fixture.vocab_size
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        for ((_, before, last), &token) in self.rows.iter_mut().zip(tokens) {
            if self.begun {
                (*before, *last) = (*last, token);
            }
        }
        self.len += usize::from(self.begun);
        self.begun = true;
        let (this, tokens) = (&*self, 0..self.fixture.vocab_size as u32);
        let row = |&row| tokens.clone().map(move |token| this.logit(row, token));
        this.rows.iter().flat_map(row).collect()
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.rows = rows.iter().map(|&row| self.rows[row]).collect();
    }
}

/// A number from -1 to 1 for a sentence.
fn drawn(sentence: u64, number: u64) -> f32 {
    (mix((sentence << 20) + number) >> 44) as f32 / 524_288.0 - 1.0
}

/// One step of SplitMix64.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// FNV-1a of the ids.
fn hashed(ids: &[u32]) -> u32 {
    ids.iter().fold(0x811c_9dc5, |hash, id| (hash ^ id).wrapping_mul(0x0100_0193))
}

fn config(fixture: &Fixture, batch: &Batch, sentences: usize) -> DecodingConfig {
    let Options { num_beams, max_length, .. } = batch.options;
    let forced_eos: Vec<u32> = match &batch.options.forced_eos_token_id {
        Value::Array(ids) => ids.iter().filter_map(Value::as_u64).map(|id| id as u32).collect(),
        id => id.as_u64().map(|id| id as u32).into_iter().collect(),
    };
    DecodingConfig::new(fixture.pad, 0)
        .with_eos_ids(batch.eos.as_slice())
        .with_prompts(vec![batch.prompt.clone(); sentences])
        .with_suppressed(batch.options.suppress_tokens.as_slice())
        .with_normalization(match batch.options.renormalize_logits {
            true => Normalization::Remaining,
            false => Normalization::WholeVocabulary,
        })
        .with_max_len(max_length - batch.prompt.len())
        .with_min_len(batch.options.min_new_tokens)
        .with_forced_eos(forced_eos)
        .with_length_penalty(LengthPenalty::Power(batch.options.length_penalty))
        .with_strategy(BeamSearch::new(num_beams).with_n_best(num_beams).with_early_stopping(
            match &batch.options.early_stopping {
                Value::Bool(true) => EarlyStopping::Full,
                Value::Bool(false) => EarlyStopping::Heuristic,
                _ => EarlyStopping::Never,
            },
        ))
}

fn is_equal(found: &[Hypothesis], expected: &[Expected]) -> bool {
    let same = |(found, expected): (&Hypothesis, &Expected)| {
        let Expected(len, hash, finished, score) = *expected;
        found.tokens.len() == len
            && hashed(&found.tokens) == hash
            && found.finished() == finished
            && (found.score - score).abs() <= 1e-5 * score.abs().max(1.0)
    };
    found.len() == expected.len() && found.iter().zip(expected).all(same)
}

#[test]
fn long_searches_equal_transformers() {
    let fixture: Fixture =
        serde_json::from_str(include_str!("../fixtures/long_beams.json")).unwrap();
    let (mut compared, mut long) = (0, 0);
    for batch in &fixture.batches {
        let sentences: Vec<usize> =
            (0..batch.hypotheses.len()).filter(|at| !batch.close.contains(at)).collect();
        let config = config(&fixture, batch, sentences.len());
        let mut model = TableModel::new(&fixture, batch, &sentences);
        let found = decode(&mut model, sentences.len(), &config, Hooks::none()).unwrap();
        for (found, &at) in found.iter().zip(&sentences) {
            let expected = &batch.hypotheses[at];
            let sentence = batch.first + at as u64;
            assert!(
                is_equal(found, expected),
                "sentence {sentence}, {:?}: {found:?}, not {expected:?}",
                batch.options
            );
            compared += 1;
            long += usize::from(expected.iter().any(|&Expected(len, ..)| len > 100));
        }
    }
    assert!(compared > 200 && long > 50, "only {compared} searches, {long} of them long");
}
