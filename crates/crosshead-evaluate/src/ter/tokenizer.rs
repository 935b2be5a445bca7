//! Tercom's tokenizer, as implemented in sacreBLEU.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::Ter;
use crate::tokenizer::{split_western, unescape};

/// Chinese and Japanese characters that normalization turns into separate words.
///
/// `\u{3200}-\u{3f22}` is meant as `\u{3200}-\u{32ff}`. sacreBLEU also has rules for runs of hiragana and katakana; they
/// require a run at the start of the segment, where normalization has put a space, so they never apply.
static CHARACTERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{31c0}-\u{31ef}\u{2e80}-\u{2eff}\u{3300}-\u{33ff}\u{f900}-\u{faff}\u{fe30}-\u{fe4f}\u{3200}-\u{3f22}]",
    )
});

static ASIAN_PUNCTUATION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"[\u{3001}\u{3002}\u{3008}-\u{3011}\u{3014}-\u{301f}\u{ff61}-\u{ff65}\u{30fb}\u{ff0e}\u{ff0c}\u{ff1f}\u{ff1a}\u{ff1b}\u{ff01}\u{ff02}\u{ff08}\u{ff09}]",
    )
});

const PUNCTUATION: [char; 9] = ['.', ',', '?', ':', ';', '!', '"', '(', ')'];

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a valid constant")
}

/// The segment with its tokens separated by white space.
pub(super) fn tokenize(ter: &Ter, segment: &str) -> String {
    let mut text = Cow::Borrowed(segment);
    if !ter.case_sensitive {
        text = text.to_lowercase().into();
    }
    if ter.normalized {
        text = normalize(&text).into();
        if ter.asian_support {
            text = CHARACTERS.replace_all(&text, " $0 ").into_owned().into();
            text = ASIAN_PUNCTUATION.replace_all(&text, " $0 ").into_owned().into();
        }
    }
    if ter.no_punctuation {
        text = text.replace(PUNCTUATION, "").into();
        if ter.asian_support {
            text = ASIAN_PUNCTUATION.replace_all(&text, "").into_owned().into();
        }
    }
    text.into_owned()
}

fn normalize(segment: &str) -> String {
    let joined = unescape(&segment.replace("\n-", "").replace('\n', " "));
    split_western(&format!(" {joined} "), |text| text.replace("'s ", " 's "))
}
