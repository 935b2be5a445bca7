//! Porter's stemmer (Porter 1980, *An algorithm for suffix stripping*) with the extensions of NLTK, which rouge-score uses.

/// Words with irregular stems.
const IRREGULAR: [(&str, &str); 16] = [
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

/// A suffix and its replacement.
type Rule = (&'static str, &'static str);

const STEP_1A: [Rule; 4] = [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")];

const STEP_2: [Rule; 21] = [
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("fulli", "ful"),
];

const STEP_3: [Rule; 7] = [
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];

const STEP_4: [&str; 19] = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou",
    "ism", "ate", "iti", "ous", "ive", "ize",
];

/// The stem of a word of lowercase ASCII letters and digits.
pub(super) fn stem(word: &str) -> String {
    if let Some((_, stem)) = IRREGULAR.iter().find(|(irregular, _)| *irregular == word) {
        return (*stem).to_owned();
    }
    if word.len() <= 2 {
        return word.to_owned();
    }
    let steps = [step_1a, step_1b, step_1c, step_2, step_3, step_4, step_5a, step_5b];
    steps.into_iter().fold(word.to_owned(), |word, step| step(&word))
}

fn step_1a(word: &str) -> String {
    if word.len() == 4 && word.ends_with("ies") {
        return word[..3].to_owned();
    }
    replace(word, &STEP_1A, |_| true)
}

fn step_1b(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ied") {
        return format!("{stem}{}", if word.len() == 4 { "ie" } else { "i" });
    }
    if let Some(stem) = word.strip_suffix("eed") {
        return if measure(stem) > 0 { format!("{stem}ee") } else { word.to_owned() };
    }
    let mut stems = ["ed", "ing"].into_iter().filter_map(|suffix| word.strip_suffix(suffix));
    let Some(stem) = stems.find(|stem| contains_vowel(stem)) else { return word.to_owned() };
    if ["at", "bl", "iz"].iter().any(|end| stem.ends_with(end)) {
        return format!("{stem}e");
    }
    if ends_in_double_consonant(stem) {
        let kept = if stem.ends_with(['l', 's', 'z']) { stem } else { &stem[..stem.len() - 1] };
        return kept.to_owned();
    }
    if measure(stem) == 1 && ends_in_cvc(stem) { format!("{stem}e") } else { stem.to_owned() }
}

/// Replaces y by i after a consonant that is not the first letter.
fn step_1c(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if stem.len() > 1 && ends_in_consonant(stem) => format!("{stem}i"),
        _ => word.to_owned(),
    }
}

fn step_2(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("alli").filter(|stem| measure(stem) > 0) {
        return step_2(&format!("{stem}al"));
    }
    if let Some(stem) = word.strip_suffix("ogi").filter(|stem| stem.ends_with('l')) {
        // the measured stem includes the l
        return if measure(stem) > 0 { format!("{stem}og") } else { word.to_owned() };
    }
    replace(word, &STEP_2, |stem| measure(stem) > 0)
}

fn step_3(word: &str) -> String {
    replace(word, &STEP_3, |stem| measure(stem) > 0)
}

fn step_4(word: &str) -> String {
    let Some(suffix) = STEP_4.iter().find(|suffix| word.ends_with(**suffix)) else {
        return word.to_owned();
    };
    let stem = &word[..word.len() - suffix.len()];
    let removes_suffix = measure(stem) > 1 && (*suffix != "ion" || stem.ends_with(['s', 't']));
    if removes_suffix { stem.to_owned() } else { word.to_owned() }
}

fn step_5a(word: &str) -> String {
    match word.strip_suffix('e') {
        Some(stem) if measure(stem) > 1 || (measure(stem) == 1 && !ends_in_cvc(stem)) => {
            stem.to_owned()
        }
        _ => word.to_owned(),
    }
}

fn step_5b(word: &str) -> String {
    let shorter = &word[..word.len().saturating_sub(1)];
    if word.ends_with("ll") && measure(shorter) > 1 { shorter.to_owned() } else { word.to_owned() }
}

/// Applies the first rule whose suffix matches, if the stem meets the condition.
fn replace(word: &str, rules: &[Rule], condition: impl Fn(&str) -> bool) -> String {
    let found = rules.iter().find_map(|&(suffix, end)| Some((word.strip_suffix(suffix)?, end)));
    match found {
        Some((stem, end)) if condition(stem) => format!("{stem}{end}"),
        _ => word.to_owned(),
    }
}

/// Whether each letter is a consonant: all except a, e, i, o, u, and y after a consonant.
fn consonants(word: &str) -> Vec<bool> {
    let mut flags: Vec<bool> = Vec::with_capacity(word.len());
    for letter in word.bytes() {
        flags.push(match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => flags.last().is_none_or(|&before| !before),
            _ => true,
        });
    }
    flags
}

/// Porter's measure m: the number of vowel-consonant sequences.
fn measure(stem: &str) -> usize {
    consonants(stem).windows(2).filter(|pair| !pair[0] && pair[1]).count()
}

fn contains_vowel(stem: &str) -> bool {
    consonants(stem).contains(&false)
}

fn ends_in_consonant(stem: &str) -> bool {
    consonants(stem).last() == Some(&true)
}

fn ends_in_double_consonant(word: &str) -> bool {
    let letters = word.as_bytes();
    matches!(letters, [.., a, b] if a == b) && ends_in_consonant(word)
}

/// Whether a word ends with consonant, vowel and a consonant other than w, x and y, or consists of a vowel and a consonant.
fn ends_in_cvc(word: &str) -> bool {
    match consonants(word).as_slice() {
        [.., true, false, true] => !word.ends_with(['w', 'x', 'y']),
        flags => flags == [false, true],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// `fixtures/export_rouge.py` writes the stems.
    #[test]
    fn stems_match_nltk() {
        let fixture = include_str!("../../fixtures/stems.json");
        let stems: BTreeMap<String, String> = serde_json::from_str(fixture).unwrap();
        for (word, expected) in stems {
            assert_eq!(stem(&word), expected, "{word}");
        }
    }
}
