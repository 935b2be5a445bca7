//! Longest common subsequences.

use std::collections::{BTreeSet, HashMap};

/// The length of the longest common subsequence.
pub(super) fn len(reference: &[String], hypothesis: &[String]) -> usize {
    let mut row = vec![0; hypothesis.len() + 1];
    for word in reference {
        let mut diagonal = 0;
        for (column, other) in hypothesis.iter().enumerate() {
            let above = row[column + 1];
            row[column + 1] = if word == other { diagonal + 1 } else { above.max(row[column]) };
            diagonal = above;
        }
    }
    row[hypothesis.len()]
}

/// Words in the unions of each reference line's longest common subsequences with all hypothesis lines (Lin 2004, section
/// 3.2), each word counted at most as often as in both texts, as ROUGE 1.5.5 does.
pub(super) fn union_len(reference: &[Vec<String>], hypothesis: &[Vec<String>]) -> usize {
    let mut found: HashMap<&str, usize> = HashMap::new();
    for line in reference {
        let common = hypothesis.iter().flat_map(|other| places(line, other));
        for place in common.collect::<BTreeSet<usize>>() {
            *found.entry(&line[place]).or_default() += 1;
        }
    }
    let (in_reference, in_hypothesis) = (counts(reference), counts(hypothesis));
    let limit = |word| *in_reference.get(word).min(in_hypothesis.get(word)).unwrap_or(&0);
    found.into_iter().map(|(word, count)| count.min(limit(word))).sum()
}

fn counts(lines: &[Vec<String>]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for word in lines.iter().flatten() {
        *counts.entry(word.as_str()).or_default() += 1;
    }
    counts
}

/// The places in `reference` of one longest common subsequence, the one that rouge-score chooses.
fn places(reference: &[String], hypothesis: &[String]) -> Vec<usize> {
    let columns = hypothesis.len() + 1;
    let mut table = vec![0_usize; (reference.len() + 1) * columns];
    for (i, word) in reference.iter().enumerate() {
        for (j, other) in hypothesis.iter().enumerate() {
            table[(i + 1) * columns + j + 1] = if word == other {
                table[i * columns + j] + 1
            } else {
                table[i * columns + j + 1].max(table[(i + 1) * columns + j])
            };
        }
    }
    let mut places = Vec::new();
    let (mut i, mut j) = (reference.len(), hypothesis.len());
    while i > 0 && j > 0 {
        if reference[i - 1] == hypothesis[j - 1] {
            places.push(i - 1);
            (i, j) = (i - 1, j - 1);
        } else if table[i * columns + j - 1] > table[(i - 1) * columns + j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
    places
}
