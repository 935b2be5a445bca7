//! The number of edits with shifts, searched greedily as in Tercom.

use std::collections::HashMap;

use super::distance::{Matrix, Operation};

/// The longest sequence of words that is shifted.
const MAX_SHIFT_LEN: usize = 10;

/// The greatest distance between the position of a sequence in the hypothesis and in the reference.
const MAX_SHIFT_DISTANCE: usize = 50;

/// The search ends after this many shifts have been tried (a limit of sacreBLEU).
const MAX_CANDIDATES: usize = 1000;

/// The number of edits that turn the hypothesis into the reference.
pub(super) fn edits(hypothesis: &[String], reference: &[String]) -> usize {
    if reference.is_empty() {
        return hypothesis.len();
    }
    let mut ids = HashMap::new();
    let mut number = |words: &[String]| -> Vec<u32> {
        let words = words.iter().map(String::to_owned);
        words
            .map(|word| {
                let next = ids.len() as u32;
                *ids.entry(word).or_insert(next)
            })
            .collect()
    };
    let (mut words, reference) = (number(hypothesis), number(reference));
    let (mut shifts, mut tried) = (0, 0);
    loop {
        let matrix = Matrix::new(&words, &reference);
        let best = best_shift(&matrix, &words, &reference, &mut tried);
        let Some(shift) = best.filter(|shift| shift.gain > 0 && tried < MAX_CANDIDATES) else {
            return shifts + matrix.distance() as usize;
        };
        let mut shifted = Vec::new();
        shift.apply(&words, &mut shifted);
        words = shifted;
        shifts += 1;
    }
}

/// A shift of words, and how much it reduces the edit distance.
#[derive(Clone, Copy)]
struct Shift {
    gain: i64,
    start: usize,
    len: usize,
    target: usize,
}

impl Shift {
    /// The shift with the highest gain is the best; then the longest, the first in the hypothesis, and the one with the first
    /// target.
    fn is_better(&self, other: &Self) -> bool {
        let rank =
            |shift: &Self| (-shift.gain, std::cmp::Reverse(shift.len), shift.start, shift.target);
        rank(self) < rank(other)
    }

    /// Writes the shifted words to `shifted`, and returns how many at the start are unchanged.
    fn apply(&self, words: &[u32], shifted: &mut Vec<u32>) -> usize {
        let &Self { start, len, target, .. } = self;
        let moved = &words[start..start + len];
        let order: [&[u32]; 4] = if target < start {
            [&words[..target], moved, &words[target..start], &words[start + len..]]
        } else if target > start + len {
            [&words[..start], &words[start + len..target], moved, &words[target..]]
        } else {
            let end = (target + len).min(words.len());
            [&words[..start], &words[start + len..end], moved, &words[end..]]
        };
        shifted.clear();
        order.into_iter().for_each(|part| shifted.extend_from_slice(part));
        start.min(target)
    }
}

/// How the edit distance aligns hypothesis and reference.
struct Alignment {
    /// For each word of the reference, the position after the hypothesis word it is aligned with. 0 is the start.
    after: Vec<usize>,
    /// Whether each word of the reference is an error.
    reference_errors: Vec<bool>,
    /// Whether each word of the hypothesis is an error.
    hypothesis_errors: Vec<bool>,
}

impl Alignment {
    fn new(operations: &[Operation]) -> Self {
        let mut alignment =
            Self { after: Vec::new(), reference_errors: Vec::new(), hypothesis_errors: Vec::new() };
        for operation in operations {
            let is_error = *operation != Operation::Keep;
            if *operation != Operation::Insert {
                alignment.hypothesis_errors.push(is_error);
            }
            if *operation != Operation::Delete {
                alignment.after.push(alignment.hypothesis_errors.len());
                alignment.reference_errors.push(is_error);
            }
        }
        alignment
    }
}

/// The best of the shifts that put words of the hypothesis where the reference has the same words. `tried` counts the shifts
/// whose edit distance was computed.
fn best_shift(
    matrix: &Matrix<'_>,
    words: &[u32],
    reference: &[u32],
    tried: &mut usize,
) -> Option<Shift> {
    let alignment = Alignment::new(&matrix.operations());
    let before = i64::from(matrix.distance());
    let (mut shifted, mut rows) = (Vec::new(), [Vec::new(), Vec::new()]);
    let mut best: Option<Shift> = None;
    for (start, at, len) in common_sequences(words, reference) {
        // Both the words and the words at their target must be errors.
        if !alignment.hypothesis_errors[start..start + len].contains(&true)
            || !alignment.reference_errors[at..at + len].contains(&true)
        {
            continue;
        }
        // The target must not be in the sequence itself.
        if (start + 1..=start + len).contains(&alignment.after[at]) {
            continue;
        }
        let mut previous = None;
        let first = if at == 0 { 0 } else { alignment.after[at - 1] };
        for target in std::iter::once(first).chain(alignment.after[at..at + len].iter().copied()) {
            if previous.replace(target) == Some(target) {
                continue;
            }
            let mut shift = Shift { gain: 0, start, len, target };
            let unchanged = shift.apply(words, &mut shifted);
            shift.gain = before - i64::from(matrix.distance_of(&shifted, unchanged, &mut rows));
            *tried += 1;
            if best.is_none_or(|best| shift.is_better(&best)) {
                best = Some(shift);
            }
        }
        if *tried >= MAX_CANDIDATES {
            break;
        }
    }
    best
}

/// The sequences of words that occur in both, as position in the hypothesis, position in the reference, and length.
fn common_sequences<'a>(
    words: &'a [u32],
    reference: &'a [u32],
) -> impl Iterator<Item = (usize, usize, usize)> + 'a {
    (0..words.len()).flat_map(move |start| {
        let first = start.saturating_sub(MAX_SHIFT_DISTANCE);
        let end = reference.len().min(start + MAX_SHIFT_DISTANCE + 1);
        (first..end).flat_map(move |at| {
            let pairs = words[start..].iter().zip(&reference[at..]).take(MAX_SHIFT_LEN);
            let len = pairs.take_while(|(word, other)| word == other).count();
            (1..=len).map(move |len| (start, at, len))
        })
    })
}
