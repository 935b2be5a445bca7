//! Language codes of models, as those of the sentence splitter.

/// Three-letter codes of the languages for which the splitter has rules, or whose rules it takes from another language.
const THREE_LETTERS: [(&str, &str); 60] = [
    ("amh", "am"),
    ("ara", "ar"),
    ("arb", "ar"),
    ("bel", "be"),
    ("ben", "bn"),
    ("bos", "bs"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("cmn", "zh"),
    ("dan", "da"),
    ("deu", "de"),
    ("ell", "el"),
    ("eng", "en"),
    ("est", "et"),
    ("eus", "eu"),
    ("fas", "fa"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("ger", "de"),
    ("gle", "ga"),
    ("glg", "gl"),
    ("guj", "gu"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("hye", "hy"),
    ("ind", "id"),
    ("isl", "is"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kan", "kn"),
    ("kaz", "kk"),
    ("kor", "ko"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mal", "ml"),
    ("mar", "mr"),
    ("mkd", "mk"),
    ("mya", "my"),
    ("nld", "nl"),
    ("nob", "nb"),
    ("pan", "pa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rus", "ru"),
    ("slk", "sk"),
    ("slv", "sl"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tel", "te"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("urd", "ur"),
    ("vie", "vi"),
    ("zho", "zh"),
];

/// The two-letter code of a language in a code such as `deu_Latn`, `de_DE` or `de`.
pub fn two_letters(code: &str) -> &str {
    let base = code.trim_start_matches(['>', '<', '_']);
    let base = base.split(['_', '-', '<', '>']).next().unwrap_or_default();
    THREE_LETTERS.iter().find(|(three, _)| *three == base).map_or(base, |(_, two)| two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_model_families_are_known() {
        for code in ["de", "deu_Latn", "de_DE", "de-CH", "deu", ">>deu<<", "__de__", "ger"] {
            assert_eq!(two_letters(code), "de", "{code}");
        }
        assert_eq!(two_letters(""), "");
    }
}
