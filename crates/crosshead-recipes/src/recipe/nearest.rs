//! The valid key that is closest to a misspelled one.

/// The known key closest to `path`, if any is close enough: the same name in a different section, or a name that
/// differs in a few characters. Paths have the form `train.steps`.
pub fn nearest<'k>(path: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let (section, name) = split(path);
    let limit = (name.chars().count() / 3).max(1);
    known
        .filter_map(|key| {
            let (other_section, other) = split(key);
            let distance = distance(name, other);
            (distance <= limit).then_some(((distance, other_section != section), key))
        })
        .min_by_key(|(order, _)| *order)
        .map(|(_, key)| key)
}

/// The section of a key and its name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// The number of insertions, deletions, replacements and swaps of adjacent characters that turn one text into the
/// other (optimal string alignment distance).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("steps", "stepps", 1),
            ("trian", "train", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn a_misspelled_key_has_a_nearest_one() {
        let known = ["task", "train", "train.steps", "train.keep", "sample.tokens", "data.train"];
        let near = |path| nearest(path, known.into_iter());
        assert_eq!(near("train.stepps"), Some("train.steps"));
        assert_eq!(near("trian"), Some("train"));
        assert_eq!(near("steps"), Some("train.steps"));
        assert_eq!(near("data.tokens"), Some("sample.tokens"));
        assert_eq!(near("train.learning_rate"), None);
    }
}
