//! Joining the outputs for the parts of a text.

use crosshead_generate::StopReason;

use super::Written;
use crate::Candidate;

/// A part of a text, such as a sentence, and what was written for it.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenPart<'a> {
    /// The part; empty for white space at the start of the text, for which nothing is written.
    pub text: &'a str,
    /// What is between this part and the next one.
    pub separator: &'a str,
    /// What was written for it.
    pub written: Written,
}

impl Written {
    /// Joins what was written for the parts of a text, with their separators. The score is the mean of theirs; the second best text joins
    /// the second best texts, and so on.
    pub fn join(parts: &[WrittenPart<'_>]) -> Self {
        let count = parts.iter().filter(|part| !part.text.is_empty()).count() as f32;
        let mut joined = Self::default();
        let mut source_start = 0;
        for WrittenPart { text, separator, written } in parts {
            if let Some(alignment) = &written.alignment {
                let all = joined.alignment.get_or_insert_default();
                all.append(alignment, source_start, joined.text.len());
            }
            source_start += text.len() + separator.len();
            joined.text += &written.text;
            joined.text += separator;
            joined.score += written.score / count.max(1.0);
            joined.truncated |= written.truncated;
            joined.stop = written.stop.or(joined.stop);
            if let Some(counts) = written.drafts {
                *joined.drafts.get_or_insert_default() += counts;
            }
        }
        let decoded = parts.iter().filter(|part| part.written.stop.is_some());
        let ranks = decoded.map(|part| part.written.n_best.len()).min().unwrap_or(0);
        joined.n_best = (0..ranks).map(|rank| join_rank(parts, rank, count)).collect();
        joined
    }
}

/// Joins the texts of a rank.
fn join_rank(parts: &[WrittenPart<'_>], rank: usize, count: f32) -> Candidate {
    let mut joined = Candidate {
        text: String::new(),
        score: 0.0,
        log_prob: 0.0,
        stop: StopReason::NoToken,
        tokens: Vec::new(),
    };
    for WrittenPart { separator, written, .. } in parts {
        if let Some(candidate) = written.n_best.get(rank) {
            joined.text += &candidate.text;
            joined.score += candidate.score / count;
            joined.log_prob += candidate.log_prob;
            joined.stop = candidate.stop;
            joined.tokens.extend_from_slice(&candidate.tokens);
        }
        joined.text += separator;
    }
    joined
}
