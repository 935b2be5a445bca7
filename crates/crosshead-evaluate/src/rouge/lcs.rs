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

/// The union-LCS of two summaries (Lin 2004, section 3.2): for each reference line, the union of its longest common
/// subsequences with all hypothesis lines. The count of each word is clipped to its count in both texts, as in ROUGE
/// 1.5.5.
pub(super) fn union_len(reference: &[Vec<String>], hypothesis: &[Vec<String>]) -> usize {
    let mut found: HashMap<&str, usize> = HashMap::new();
    for line in reference {
        let common = hypothesis.iter().flat_map(|other| positions(line, other));
        for position in common.collect::<BTreeSet<usize>>() {
            *found.entry(&line[position]).or_default() += 1;
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

/// The positions, in `reference`, of the longest common subsequence that rouge-score chooses.
fn positions(reference: &[String], hypothesis: &[String]) -> Vec<usize> {
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
    let mut positions = Vec::new();
    let (mut i, mut j) = (reference.len(), hypothesis.len());
    while i > 0 && j > 0 {
        if reference[i - 1] == hypothesis[j - 1] {
            positions.push(i - 1);
            (i, j) = (i - 1, j - 1);
        } else if table[i * columns + j - 1] > table[(i - 1) * columns + j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
    positions
}
