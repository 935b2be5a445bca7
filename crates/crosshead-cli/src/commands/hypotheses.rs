//! How outputs, their scores and their tokens are printed.

use crosshead::tasks::DraftCounts;
use crosshead::{Alternative, Candidate, ScoredToken, StopReason};
use serde_json::{Map, Value, json};

use crate::args::Results;
use crate::output;

/// Prints the outputs for a text, one per line, with its number and their scores.
pub(super) fn lines(number: usize, candidates: &[Candidate]) -> anyhow::Result<()> {
    if candidates.is_empty() {
        return output::line(format_args!("{number}\t0\t"));
    }
    candidates.iter().try_for_each(|candidate| {
        let text = output::field(&candidate.text);
        output::line(format_args!("{number}\t{:.6}\t{text}", candidate.score))
    })
}

/// Adds why the text ended, and the outputs if there may be several or their tokens are wanted.
pub(super) fn complete(
    object: &mut Map<String, Value>,
    stop: Option<StopReason>,
    candidates: &[Candidate],
    results: &Results,
) {
    object.insert("stop".to_owned(), json!(stop.map(stop_name)));
    if candidates.len() > 1 || results.n_best.is_some() || results.has_tokens() {
        let listed = |candidate| hypothesis(candidate, results.has_tokens());
        let all: Vec<Value> = candidates.iter().map(listed).collect();
        object.insert("hypotheses".to_owned(), all.into());
    }
}

/// Adds how many drafted tokens were right.
pub(super) fn add_drafts(object: &mut Map<String, Value>, drafts: Option<DraftCounts>) {
    if let Some(counts) = drafts {
        let value = json!({
            "passes": counts.passes,
            "drafted": counts.drafted,
            "accepted": counts.accepted,
            "accepted_per_pass": counts.accepted_per_pass(),
        });
        object.insert("drafts".to_owned(), value);
    }
}

fn hypothesis(candidate: &Candidate, has_tokens: bool) -> Value {
    let Candidate { text, score, log_prob, stop, tokens } = candidate;
    let mut object =
        json!({ "text": text, "score": score, "log_prob": log_prob, "stop": stop_name(*stop) });
    if has_tokens {
        object["tokens"] = self::tokens(tokens);
    }
    object
}

/// Tokens with their log-probabilities.
pub(super) fn tokens(tokens: &[ScoredToken]) -> Value {
    let alternative = |Alternative { id, token, log_prob }: &Alternative| json!({ "id": id, "token": token, "log_prob": log_prob });
    let token = |ScoredToken { id, token, log_prob, alternatives }: &ScoredToken| {
        let mut object = json!({ "id": id, "token": token, "log_prob": log_prob });
        if !alternatives.is_empty() {
            object["alternatives"] = alternatives.iter().map(alternative).collect();
        }
        object
    };
    tokens.iter().map(token).collect()
}

/// The name of a stop reason.
fn stop_name(stop: StopReason) -> &'static str {
    match stop {
        StopReason::EndToken(_) => "end_token",
        StopReason::MaxLength => "max_length",
        StopReason::NoToken => "no_token",
        StopReason::StopRule => "stop_string",
        StopReason::Loop => "loop",
        StopReason::TimeLimit => "time_limit",
        StopReason::Cancelled => "cancelled",
    }
}
