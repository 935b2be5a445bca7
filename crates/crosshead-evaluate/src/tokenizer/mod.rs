//! The tokenizers of BLEU.

mod chinese;
mod international;
mod western;

use std::borrow::Cow;

pub(crate) use western::{split_western, unescape};

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
    /// `zh`: each Chinese character is a token, and ASCII punctuation is split off as in `13a`.
    Chinese,
    /// `none`: the text is already tokenized, with tokens separated by white space.
    None,
}

impl Tokenizer {
    /// Every tokenizer.
    pub const ALL: [Self; 5] =
        [Self::V13a, Self::International, Self::Characters, Self::Chinese, Self::None];

    /// The name of the tokenizer in signatures and in sacreBLEU.
    pub fn name(self) -> &'static str {
        match self {
            Self::V13a => "13a",
            Self::International => "intl",
            Self::Characters => "char",
            Self::Chinese => "zh",
            Self::None => "none",
        }
    }

    /// The segment with its tokens separated by white space.
    pub fn tokenize(self, segment: &str) -> Cow<'_, str> {
        match self {
            Self::V13a => tokenize_13a(segment).into(),
            Self::International => international::tokenize(segment).into(),
            Self::Characters => {
                segment.chars().map(String::from).collect::<Vec<_>>().join(" ").into()
            }
            Self::Chinese => chinese::tokenize(segment).into(),
            Self::None => segment.into(),
        }
    }
}

fn tokenize_13a(segment: &str) -> String {
    let joined = segment.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    split_western(&format!(" {} ", unescape(&joined)), |text| text)
}
