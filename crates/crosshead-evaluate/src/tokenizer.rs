//! The tokenizers of BLEU.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::words;

/// How BLEU splits a segment into tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokenizer {
    /// `13a`, the tokenizer of `mteval-v13a.pl` and of WMT: splits off ASCII punctuation, but not inside numbers.
    #[default]
    V13a,
    /// `intl`, the tokenizer of `mteval-v14.pl`: splits off Unicode punctuation and symbols, but not inside
    /// numbers.
    International,
    /// `char`: each non-space character is a token.
    Characters,
    /// `none`: the text is already tokenized, with tokens separated by white space.
    None,
}

impl Tokenizer {
    /// The name of the tokenizer in signatures and in sacreBLEU.
    pub fn name(self) -> &'static str {
        match self {
            Self::V13a => "13a",
            Self::International => "intl",
            Self::Characters => "char",
            Self::None => "none",
        }
    }

    /// The segment with its tokens separated by white space.
    pub fn tokenize(self, segment: &str) -> Cow<'_, str> {
        match self {
            Self::V13a => tokenize_13a(segment).into(),
            Self::International => rewrite(INTERNATIONAL.as_slice(), segment).into(),
            Self::Characters => {
                segment.chars().map(String::from).collect::<Vec<_>>().join(" ").into()
            }
            Self::None => segment.into(),
        }
    }
}

/// A pattern and its replacement.
type Rule = (Regex, &'static str);

static PUNCTUATION_13A: LazyLock<[Rule; 4]> = LazyLock::new(|| {
    [
        // ASCII punctuation, without the apostrophe, comma, hyphen and period
        rule(r"([{-~\[-` -&(-+:-@/])", " $1 "),
        // a period or comma, unless a digit comes before it
        rule(r"([^0-9])([.,])", "$1 $2 "),
        // a period or comma, unless a digit comes after it
        rule(r"([.,])([^0-9])", " $1 $2"),
        // a hyphen after a digit
        rule(r"([0-9])(-)", "$1 $2 "),
    ]
});

static INTERNATIONAL: LazyLock<[Rule; 3]> = LazyLock::new(|| {
    [rule(r"(\P{N})(\p{P})", "$1 $2 "), rule(r"(\p{P})(\P{N})", " $1 $2"), rule(r"(\p{S})", " $1 ")]
});

fn rule(pattern: &str, replacement: &'static str) -> Rule {
    (Regex::new(pattern).expect("the pattern is a valid constant"), replacement)
}

fn tokenize_13a(segment: &str) -> String {
    let joined = segment.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    // `&amp;` is replaced before `&lt;` and `&gt;`, so `&amp;lt;` becomes `<`, as in mteval
    let unescaped = joined
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    rewrite(PUNCTUATION_13A.as_slice(), &format!(" {unescaped} "))
}

/// Applies the rules in order and separates tokens by single spaces.
fn rewrite(rules: &[Rule], segment: &str) -> String {
    let mut line = Cow::Borrowed(segment);
    for (pattern, replacement) in rules {
        if let Cow::Owned(rewritten) = pattern.replace_all(&line, *replacement) {
            line = Cow::Owned(rewritten);
        }
    }
    words(&line).collect::<Vec<_>>().join(" ")
}
