//! Properties of TER that hold for every corpus.

use crosshead_evaluate::{Best, EvaluateError, Metric, Segment, Ter};
use proptest::collection::vec;
use proptest::prelude::*;

/// Words from a small vocabulary, so that most sequences can be shifted.
fn words() -> impl Strategy<Value = Vec<&'static str>> {
    vec(prop::sample::select(vec!["a", "b", "c", "d", "e", "f"]), 0..20)
}

/// The edit distance without shifts.
fn levenshtein(one: &[&str], other: &[&str]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, word) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, against) in other.iter().enumerate() {
            let cost = diagonal + usize::from(word != against);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

fn edits(hypothesis: &[&str], references: &[&[&str]]) -> usize {
    let references: Vec<String> = references.iter().map(|words| words.join(" ")).collect();
    let references = references.iter().map(String::as_str).collect();
    let hypothesis = hypothesis.join(" ");
    Ter::new().statistics(&Segment { hypothesis: &hypothesis, references })[0] as usize
}

proptest! {
    #[test]
    fn shifts_only_save_edits(hypothesis in words(), reference in words()) {
        let found = edits(&hypothesis, &[&reference]);
        prop_assert!(found <= levenshtein(&hypothesis, &reference));
        prop_assert!(found >= hypothesis.len().abs_diff(reference.len()));
        prop_assert_eq!(edits(&reference, &[&reference]), 0);
    }

    #[test]
    fn a_moved_block_is_at_most_one_edit(
        words in 3..10_usize, start in 0..3_usize, len in 1..4_usize, target in 0..9_usize,
    ) {
        // All words differ, and the block fits into a shift.
        let names: Vec<String> = (0..words).map(|word| format!("w{word}")).collect();
        let reference: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut moved = reference.clone();
        let end = (start + len).min(words);
        let block: Vec<&str> = moved.drain(start..end).collect();
        let target = target.min(moved.len());
        moved.splice(target..target, block);
        prop_assert!(edits(&moved, &[&reference]) <= 1);
    }

    #[test]
    fn the_closest_reference_counts(hypothesis in words(), one in words(), other in words()) {
        let each = [&one, &other].map(|reference| edits(&hypothesis, &[reference]));
        prop_assert_eq!(edits(&hypothesis, &[&one, &other]), each[0].min(each[1]));
    }
}

#[test]
fn a_score_can_exceed_100_and_lower_is_better() {
    let score = Ter::new().corpus(&["a b c d", "x"], &["e", ""]).unwrap();
    assert_eq!((score.name.as_str(), score.score), ("TER", 500.0));
    assert_eq!(Ter::new().best(), Best::Lowest);
}

#[test]
fn missing_segments_are_errors() {
    let none: [&str; 0] = [];
    assert_eq!(Ter::new().corpus(&none, &none), Err(EvaluateError::EmptyCorpus));
    assert_eq!(Ter::new().sentence("a", &none), Err(EvaluateError::NoReferences));
}
