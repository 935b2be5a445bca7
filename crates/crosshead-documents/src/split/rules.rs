//! Sentences by the rules of the `sentencex` crate, and corrections of them.

use std::ops::Range;

/// Marks that end a sentence in scripts without spaces between words.
const FULL_WIDTH: [char; 5] = ['。', '！', '？', '｡', '．'];

/// What may follow the end of a sentence and belongs to it.
const CLOSING: [char; 10] = ['」', '』', '）', '”', '’', '》', '】', '〉', ')', '"'];

/// Abbreviations that the splitter takes for the end of a sentence.
const ABBREVIATIONS: [(&str, &[&str]); 2] =
    [("de", &["Fa", "Hr", "Frl"]), ("fr", &["M", "MM", "Mme", "Mlle", "Me"])];

/// Words after which a number with a period is an ordinal, as in `der 2. Weltkrieg`.
const BEFORE_ORDINALS: [(&str, &[&str]); 1] = [(
    "de",
    &[
        "der", "die", "das", "des", "dem", "den", "am", "im", "vom", "zum", "zur", "beim", "ein",
        "eine", "einem", "einen", "einer", "jeder", "jede", "jedes", "jedem", "jeden",
    ],
)];

/// Words that go on after a quotation that ends like a sentence.
const AFTER_QUOTATIONS: [(&str, &[&str]); 1] = [("ja", &["と", "って"])];

/// The sentences of one line, in order. Together they are the line.
pub(super) fn sentences(line: &str, language: &str) -> Vec<Range<usize>> {
    let words = Words {
        abbreviations: of(&ABBREVIATIONS, language),
        before_ordinals: of(&BEFORE_ORDINALS, language),
        after_quotations: of(&AFTER_QUOTATIONS, language),
    };
    let mut sentences = Vec::new();
    let mut start = 0;
    for sentence in sentencex::segment(language, line) {
        let end = start + sentence.len();
        if line.get(start..end) != Some(sentence) {
            // The splitter left something out: the rest stays whole.
            break;
        }
        words.push(line, start..end, &mut sentences);
        start = end;
    }
    if start < line.len() {
        words.push(line, start..line.len(), &mut sentences);
    }
    sentences
}

/// The words of a language.
fn of(table: &[(&str, &'static [&'static str])], language: &str) -> &'static [&'static str] {
    table.iter().find(|(code, _)| *code == language).map_or(&[], |(_, words)| words)
}

/// The words that the corrections need, in one language.
struct Words {
    abbreviations: &'static [&'static str],
    before_ordinals: &'static [&'static str],
    after_quotations: &'static [&'static str],
}

impl Words {
    /// Adds a sentence, split where the splitter missed an end, or joined to the one before where no sentence ends.
    fn push(&self, line: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
        let mut start = range.start;
        for end in missed_ends(line, &range) {
            if end > start && end < range.end && is_balanced(&line[start..end]) {
                self.add(line, start..end, sentences);
                start = end;
            }
        }
        self.add(line, start..range.end, sentences);
    }

    fn add(&self, line: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
        match sentences.last_mut() {
            Some(last) if self.goes_on(&line[last.clone()], &line[range.clone()]) => {
                last.end = range.end;
            }
            _ => sentences.push(range),
        }
    }

    /// Whether there is no sentence end between two neighbors.
    fn goes_on(&self, before: &str, after: &str) -> bool {
        let Some(last) = before.chars().next_back() else { return true };
        let Some(first) = after.chars().next() else { return true };
        // A mark without a space after it: `config.Yaml`.
        let is_mark = matches!(last, '.' | '?' | '!' | ':');
        if is_mark && (first.is_alphanumeric() || matches!(first, '_' | '/')) {
            return true;
        }
        let before = before.trim_end();
        if before.ends_with(['」', '』'])
            && self.after_quotations.iter().any(|word| after.starts_with(word))
        {
            return true;
        }
        let Some(before) = before.strip_suffix('.').filter(|before| !before.ends_with('.')) else {
            return false;
        };
        let mut words = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '„'));
        let word = words.next().unwrap_or_default();
        let is_ordinal = (1..=2).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && words
                .next()
                .is_some_and(|word| self.before_ordinals.contains(&word.to_lowercase().as_str()));
        first.is_lowercase() || self.abbreviations.contains(&word) || is_ordinal
    }
}

/// Where sentences end that the splitter may not separate: after full-width marks, and after `?!` before a capital letter.
fn missed_ends(line: &str, range: &Range<usize>) -> Vec<usize> {
    let mut ends = Vec::new();
    let text = &line[range.clone()];
    let is_mark = |c: char| FULL_WIDTH.contains(&c) || matches!(c, '?' | '!');
    for (at, mark) in text.match_indices(is_mark) {
        let rest = &text[at + mark.len()..];
        if rest.starts_with(is_mark) {
            continue;
        }
        let after = rest.trim_start_matches(CLOSING);
        let next = after.trim_start();
        let is_full_width = mark.starts_with(FULL_WIDTH);
        let is_run = text[..at].ends_with(['?', '!']) && next.len() < after.len();
        if is_full_width || (is_run && next.starts_with(char::is_uppercase)) {
            ends.push(range.end - next.len());
        }
    }
    ends
}

/// Whether a text closes as many quotation marks as it opens.
fn is_balanced(text: &str) -> bool {
    let count = |mark: char| text.matches(mark).count();
    [('「', '」'), ('『', '』'), ('“', '”'), ('（', '）'), ('《', '》')]
        .into_iter()
        .all(|(open, close)| count(open) <= count(close))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split<'a>(line: &'a str, language: &str) -> Vec<&'a str> {
        sentences(line, language).into_iter().map(|range| line[range].trim()).collect()
    }

    /// Sentences, separated by `|`, in the languages that the data sets of the project have, and some others.
    const CASES: [(&str, &str); 26] = [
        ("en", "Dr. Smith paid $3.50.|He left at 5 p.m. yesterday.|Why?|Nobody knows!"),
        ("en", "Version 2.0 is out.|Download it from example.com.|See e.g. section 3."),
        ("en", "He said \"Stop. Now.\" and left.|She stayed."),
        ("en", "The U.S. economy grew by 2.5 percent.|Mr. J. R. Smith agreed."),
        ("en", "Wait ...|What happened?!|I see."),
        ("en", "Edit config.Yaml first.|Then run it."),
        ("de", "Das ist z. B. so.|Am 3. Oktober 2020 kam Dr. Müller.|Er blieb ca. 2 Std. lang."),
        ("de", "Der 2. Weltkrieg endete 1945.|Warum?|Das weiß niemand."),
        ("de", "Siehe Abb. 3 auf S. 12.|Die Fa. Meier usw. liefert.|Ende."),
        ("fr", "M. Dupont est arrivé.|Il était 10 h. du matin.|Pourquoi ?|Personne ne sait."),
        ("es", "¿Cómo estás?|El Sr. García llegó.|¡Qué bien!"),
        ("it", "Il sig. Rossi è qui.|Perché?|Non lo so."),
        ("pt", "O Sr. Silva chegou.|Tudo bem?"),
        ("nl", "Dhr. Jansen is er.|Dat is bijv. zo.|Waarom?"),
        ("pl", "To jest np. dom.|Ul. Długa 5 jest tam.|Dlaczego?"),
        ("ru", "Это т. е. дом.|Он родился в 1990 г. в Москве.|Почему?"),
        ("zh", "你好。|今天天气很好！|你去哪里？"),
        ("zh", "他说：“你好。再见。”|她留下。"),
        ("ja", "こんにちは。|今日は「元気です。」と言った。|何ですか？"),
        ("ko", "안녕하세요.|오늘은 날씨가 좋습니다.|왜요?"),
        ("hi", "यह एक घर है।|वह कहाँ है?"),
        ("ar", "هذا بيت.|أين هو؟|لا أعرف."),
        ("el", "Αυτό είναι ένα σπίτι.|Γιατί;|Δεν ξέρω."),
        ("cs", "To je např. dům.|Proč?"),
        ("fi", "Tämä on esim. talo.|Miksi?"),
        ("sv", "Det är t.ex. ett hus.|Varför?"),
    ];

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        let mut wrong = Vec::new();
        for (language, marked) in CASES {
            let expected: Vec<_> = marked.split('|').collect();
            let separator = if matches!(language, "zh" | "ja") { "" } else { " " };
            let line = expected.join(separator);
            let found = split(&line, language);
            if found != expected {
                wrong.push(format!("{language}: {found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
