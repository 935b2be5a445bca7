//! Speculative decoding finds what greedy decoding finds.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::strategies::greedy;
use crosshead_generate::{
    BeamSearch, DecodingConfig, DraftCounts, DraftModel, Drafter, Flow, Hooks, Hypothesis,
    LoopGuard, PromptLookup, Rollback, Sampling, SoFar, Step, StepModel, StopReason, StopRule,
    decode, decode_speculatively,
};
use proptest::prelude::*;

const VOCAB_SIZE: usize = 9;

/// Logits are a hash of the last `order` tokens, so texts repeat themselves.
#[derive(Clone)]
struct Markov {
    seed: u64,
    order: usize,
    rows: Vec<Vec<u32>>,
    /// How many tokens may be fed in one pass.
    room: usize,
}

impl Markov {
    fn new(seed: u64, order: usize, rows: usize) -> Self {
        Self { seed, order, rows: vec![Vec::new(); rows], room: 5 }
    }
}

impl StepModel for Markov {
    fn vocab_size(&self) -> usize {
        VOCAB_SIZE
    }

    fn step(&mut self, tokens: &[u32]) -> Vec<f32> {
        assert_eq!(tokens.len(), self.rows.len());
        let mut logits = Vec::new();
        for (row, &token) in self.rows.iter_mut().zip(tokens) {
            row.push(token);
            let last = &row[row.len().saturating_sub(self.order)..];
            logits.extend((0..VOCAB_SIZE).map(|next| {
                let mut hasher = DefaultHasher::new();
                (self.seed, last, next).hash(&mut hasher);
                (hasher.finish() % 60_001) as f32 / 10_000.0 - 3.0
            }));
        }
        logits
    }

    fn reorder(&mut self, rows: &[usize]) {
        self.rows = rows.iter().map(|&row| self.rows[row].clone()).collect();
    }
}

impl Rollback for Markov {
    fn rollback(&mut self, count: usize) {
        for row in &mut self.rows {
            assert!(count == 0 || count < row.len(), "the first token cannot be discarded");
            row.truncate(row.len() - count);
        }
    }

    fn room(&self) -> usize {
        self.room
    }
}

/// Options that depend on the tokens so far.
fn configs() -> impl Strategy<Value = DecodingConfig> {
    let prompts = prop::collection::vec(prop::collection::vec(2u32..9, 1..6), 3);
    let options = (1usize..30, 0usize..4, 0usize..4, 0.8f32..1.4, any::<bool>());
    (prompts, options, prop::option::of(1usize..4)).prop_map(
        |(prompts, (max_len, min_len, ngram, penalty, has_sources), copies)| {
            let sources = if has_sources { prompts.clone() } else { Vec::new() };
            DecodingConfig::new(0, 1)
                .with_suppressed([0])
                .with_max_len(vec![max_len, max_len / 2 + 1, max_len])
                .with_min_len(min_len)
                .with_no_repeat_ngram_size(if ngram == 1 { 0 } else { ngram })
                .with_repetition_penalty(penalty)
                .with_bad_words([vec![2, 3]])
                .with_loop_guard(copies.map(LoopGuard::new))
                .with_sources(sources)
                .with_prompts(prompts)
        },
    )
}

fn speculative(
    seed: u64,
    order: usize,
    config: &DecodingConfig,
    drafter: &mut dyn Drafter,
    hooks: Hooks<'_>,
) -> (Vec<Hypothesis>, Vec<DraftCounts>) {
    let start = |_| Markov::new(seed, order, 1);
    let found = decode_speculatively(start, 3, config, drafter, hooks).unwrap();
    found.into_iter().unzip()
}

/// Drafts tokens at random, some of them outside the vocabulary.
struct Noise(u64);

impl Drafter for Noise {
    fn draft(&mut self, so_far: SoFar<'_>) -> Vec<u32> {
        assert!(so_far.room > 0 && so_far.room < 5);
        let mut token = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 60) as u32
        };
        (0..7).map(|_| token()).collect()
    }
}

proptest! {
    #[test]
    fn tokens_and_probabilities_are_those_of_greedy_decoding(
        config in configs(), seed: u64, order in 1usize..4, tokens in 1usize..8, other: u64,
    ) {
        let expected = greedy(&mut Markov::new(seed, order, 3), 3, &config).unwrap();
        let same = DraftModel::new(|_| Markov::new(seed, order, 1), tokens);
        let alike = DraftModel::new(|_| Markov::new(seed, order + 1, 1), tokens);
        let unlike = DraftModel::new(|_| Markov::new(other, order, 1), tokens);
        let (mut same, mut alike, mut unlike) = (same, alike, unlike);
        let drafters: [&mut dyn Drafter; 5] =
            [&mut PromptLookup::new(tokens), &mut same, &mut alike, &mut unlike, &mut Noise(seed)];
        for drafter in drafters {
            let (found, counts) = speculative(seed, order, &config, drafter, Hooks::none());
            prop_assert_eq!(&found, &expected);
            for (found, counts) in found.iter().zip(counts) {
                // Every pass finds one token more than those that were drafted. A loop is cut afterwards.
                let DraftCounts { passes, drafted, accepted } = counts;
                prop_assert!(accepted <= drafted);
                if !matches!(found.stop, StopReason::Loop | StopReason::NoToken) {
                    prop_assert_eq!(passes + accepted, found.token_log_probs.len());
                }
            }
        }
    }

    #[test]
    fn a_model_that_drafts_for_itself_is_always_right(
        seed: u64, order in 1usize..4, tokens in 1usize..8,
    ) {
        let config = DecodingConfig::new(0, 1).with_max_len(20).with_min_len(20);
        // The drafts end texts early, and this does not.
        let config = DecodingConfig { eos_ids: Vec::new(), ..config };
        let mut same = DraftModel::new(|_| Markov::new(seed, order, 1), tokens);
        let (_, counts) = speculative(seed, order, &config, &mut same, Hooks::none());
        for counts in counts {
            prop_assert_eq!(counts.accepted, counts.drafted);
            prop_assert_eq!(counts.passes, 20usize.div_ceil(tokens.min(4) + 1));
        }
    }

    #[test]
    fn an_observer_sees_the_tokens_of_greedy_decoding(seed: u64, stop_at in 0usize..12) {
        let config = DecodingConfig::new(0, 1).with_max_len(10);
        let steps = |speculates: bool| {
            let mut seen = Vec::new();
            let mut observer = |step: &Step<'_>| {
                seen.extend(step.tokens.to_vec());
                if step.number == stop_at { Flow::StopAll } else { Flow::Continue }
            };
            let rule: &dyn StopRule = &|_: usize, tokens: &[u32]| tokens.ends_with(&[5, 7]);
            let hooks = Hooks::none().with_observer(&mut observer).with_stop_rule(rule);
            let found = if speculates {
                let start = |_| Markov::new(seed, 1, 1);
                let lookup = &mut PromptLookup::new(4);
                let found = decode_speculatively(start, 1, &config, lookup, hooks).unwrap();
                found.into_iter().map(|(found, _)| found).collect()
            } else {
                decode(&mut Markov::new(seed, 1, 1), 1, &config, hooks).unwrap().concat()
            };
            (found, seen)
        };
        prop_assert_eq!(steps(true), steps(false));
    }
}

#[test]
fn repetitive_texts_need_few_passes() {
    let config = DecodingConfig { eos_ids: Vec::new(), ..DecodingConfig::new(0, 1) };
    let config = config.with_max_len(100);
    let (found, counts) = speculative(7, 1, &config, &mut PromptLookup::new(4), Hooks::none());
    assert!(found.iter().all(|found| found.tokens.len() == 100));
    // The text of a model that sees only the last token repeats itself after at most 9 tokens.
    assert!(counts.iter().all(|counts| counts.passes < 40), "{counts:?}");
    assert!(counts[0].accepted_per_pass() > 1.5, "{counts:?}");
}

#[test]
fn all_sequences_can_be_stopped() {
    let mut stop = |step: &Step<'_>| if step.number == 1 { Flow::StopAll } else { Flow::Continue };
    let config = DecodingConfig { eos_ids: Vec::new(), ..DecodingConfig::new(0, 1) };
    let hooks = Hooks::none().with_observer(&mut stop);
    let (found, counts) = speculative(7, 1, &config, &mut PromptLookup::new(4), hooks);
    assert!(found.iter().all(|found| found.stop == StopReason::Cancelled));
    assert_eq!(found.iter().map(|found| found.tokens.len()).collect::<Vec<_>>(), [2, 0, 0]);
    assert_eq!(counts[1], DraftCounts::default());
}

#[test]
fn other_strategies_are_refused() {
    for strategy in
        [BeamSearch::new(2).into(), crosshead_generate::Strategy::from(Sampling::new(1))]
    {
        let config = DecodingConfig::new(0, 1).with_strategy(strategy);
        let start = |_| Markov::new(1, 1, 1);
        let lookup = &mut PromptLookup::new(4);
        let error = decode_speculatively(start, 1, &config, lookup, Hooks::none()).unwrap_err();
        assert!(error.to_string().contains("greedy decoding if tokens are drafted"), "{error}");
    }
}
