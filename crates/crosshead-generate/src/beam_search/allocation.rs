//! Which continuations finish and which continue.

use super::beam::Beam;
use crate::StopReason;
use crate::top_k::Candidate;

/// What happens to the continuations of a step; those that are in neither list are dropped.
#[derive(Default)]
pub(super) struct Choice {
    /// Those that finish their beam, and why.
    pub(super) ended: Vec<(Candidate, StopReason)>,
    /// Those that become the next beams.
    pub(super) extended: Vec<Candidate>,
}

/// The choice of ordinary beam search: of the continuations, best first, those among the first `beams` that end are finished,
/// and the first `beams` others are extended.
pub(super) fn in_order(
    candidates: Vec<Candidate>,
    ends: Vec<Option<StopReason>>,
    beams: usize,
) -> Choice {
    let mut choice = Choice::default();
    for (rank, (candidate, end)) in candidates.into_iter().zip(ends).enumerate() {
        match end {
            Some(stop) if rank < beams => choice.ended.push((candidate, stop)),
            None if choice.extended.len() < beams => choice.extended.push(candidate),
            Some(_) | None => {}
        }
    }
    choice
}

/// The choice of beam search with phrases: dynamic beam allocation (Post and Vilar, *Fast Lexically Constrained Decoding with
/// Dynamic Beam Allocation for Neural Machine Translation*, 2018, section 4).
///
/// Continuations are banked by their progress with the phrases. The beams take turns among the banks, from the one with the most
/// progress: first the best of each bank, then the second best, and so on. Of the continuations that end, those among the
/// first `beams` of their bank are finished.
pub(super) fn allocate(
    candidates: Vec<Candidate>,
    ends: Vec<Option<StopReason>>,
    beams: usize,
    live: &[Beam<'_>],
) -> Choice {
    let mut banked: Vec<_> = candidates
        .into_iter()
        .zip(ends)
        .map(|(candidate, end)| {
            let phrases = &live[candidate.row].phrases;
            let progress = match end {
                Some(StopReason::EndToken(_)) => phrases.progress(),
                Some(_) | None => phrases.extended(candidate.token).progress(),
            };
            (progress, candidate, end)
        })
        .collect();
    banked.sort_by(|a, b| {
        let by_score = b.1.log_prob.total_cmp(&a.1.log_prob);
        b.0.cmp(&a.0).then(by_score).then((a.1.row, a.1.token).cmp(&(b.1.row, b.1.token)))
    });
    let mut choice = Choice::default();
    // The place of each continuing candidate in its bank.
    let mut continuing = Vec::new();
    for bank in banked.chunk_by(|a, b| a.0 == b.0) {
        let mut place = 0;
        for (rank, &(_, candidate, end)) in bank.iter().enumerate() {
            match end {
                Some(stop) if rank < beams => choice.ended.push((candidate, stop)),
                Some(_) => {}
                None => {
                    continuing.push((place, candidate));
                    place += 1;
                }
            }
        }
    }
    // Stable: of equal places, the bank with the most progress is first.
    continuing.sort_by_key(|&(place, _)| place);
    choice.extended = continuing.into_iter().take(beams).map(|(_, candidate)| candidate).collect();
    choice
}
