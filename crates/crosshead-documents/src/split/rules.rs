//! Sentences by the rules of the `sentencex` crate, and corrections of them.

use std::ops::Range;

/// Marks that end a sentence in scripts without spaces between words.
const FULL_WIDTH: [char; 5] = ['。', '！', '？', '｡', '．'];

/// What may follow the end of a sentence and belongs to it.
const CLOSING: [char; 10] = ['」', '』', '）', '”', '’', '》', '】', '〉', ')', '"'];

/// The sentences of one line, in order. Together they are the line.
pub(super) fn sentences(line: &str, language: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for sentence in sentencex::segment(language, line) {
        let end = start + sentence.len();
        if line.get(start..end) != Some(sentence) {
            // The splitter left something out: the rest stays whole.
            break;
        }
        push(line, start..end, &mut sentences);
        start = end;
    }
    if start < line.len() {
        push(line, start..line.len(), &mut sentences);
    }
    sentences
}

/// Adds a sentence, split after full-width marks, or joined to the one before where no sentence ends.
fn push(line: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
    let mut start = range.start;
    let mut marks = line[range.clone()].match_indices(FULL_WIDTH).peekable();
    while let Some((at, mark)) = marks.next() {
        let mut end = range.start + at + mark.len();
        if marks.peek().is_some_and(|(next, _)| range.start + next == end) {
            continue;
        }
        let rest = &line[end..range.end];
        end += rest.len() - rest.trim_start_matches(CLOSING).len();
        end += line[end..range.end].len() - line[end..range.end].trim_start().len();
        if end > start && end < range.end && is_balanced(&line[start..end]) {
            add(line, start..end, sentences);
            start = end;
        }
    }
    add(line, start..range.end, sentences);
}

fn add(line: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
    match sentences.last_mut() {
        Some(last) if goes_on(&line[last.clone()], &line[range.clone()]) => last.end = range.end,
        _ => sentences.push(range),
    }
}

/// Whether there is no sentence end between two neighbors.
///
/// The splitter ends a sentence at a mark with no space after it (`3.Go`, `config.Yaml`), and before a lower-case word.
fn goes_on(before: &str, after: &str) -> bool {
    let Some(last) = before.chars().next_back() else { return true };
    let Some(first) = after.chars().next() else { return true };
    if matches!(last, '.' | '?' | '!' | ':')
        && (first.is_alphanumeric() || matches!(first, '_' | '/'))
    {
        return true;
    }
    let ends_in_period = before.trim_end().ends_with('.');
    ends_in_period && !before.trim_end().ends_with("..") && first.is_lowercase()
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
        ("zh", "他说：“你好。再见。”然后走了。|她留下。"),
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
