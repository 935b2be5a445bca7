//! Escaping text in Markdown, only where it would be markup.

use super::Place;
use crate::place::Token;

/// Writes text and markup so that the text is text again when it is read.
pub(super) fn encode(tokens: &[Token], place: Place) -> String {
    let mut writer = Writer { out: String::new(), line: 0, place };
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Raw(raw) => writer.push(raw),
            Token::Text(text) => {
                let next = match tokens.get(index + 1) {
                    Some(Token::Raw(raw) | Token::Text(raw)) => raw.chars().next(),
                    None => None,
                };
                writer.escape(text, next);
            }
        }
    }
    writer.out
}

struct Writer {
    out: String,
    /// Where the current line starts.
    line: usize,
    place: Place,
}

impl Writer {
    fn push(&mut self, text: &str) {
        if let Some(newline) = text.rfind('\n') {
            self.line = self.out.len() + newline + 1;
        }
        self.out.push_str(text);
    }

    fn escape(&mut self, text: &str, after: Option<char>) {
        for (at, character) in text.char_indices() {
            let rest = &text[at + character.len_utf8()..];
            let next = rest.chars().next().or(after);
            if self.is_markup(character, next, rest) {
                self.out.push('\\');
            }
            self.push(&text[at..at + character.len_utf8()]);
        }
    }

    fn is_markup(&self, character: char, next: Option<char>, rest: &str) -> bool {
        match character {
            '\\' | '`' | '*' | '[' | ']' | '<' => true,
            '_' => !(is_word(self.out.chars().next_back()) && is_word(next)),
            '&' => is_reference(rest),
            '|' => self.place == Place::Cell || self.starts_line(),
            '~' => next == Some('~') || self.out.ends_with('~'),
            '!' => next == Some('['),
            '#' => self.starts_line() || rest.bytes().all(|byte| matches!(byte, b'#' | b' ')),
            '+' | '-' | '>' | '=' | ':' => self.starts_line(),
            '.' | ')' => self.follows_a_number() && next.is_none_or(char::is_whitespace),
            _ => false,
        }
    }

    /// Whether what comes next is the first of its line.
    fn starts_line(&self) -> bool {
        self.out[self.line..].bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'>'))
    }

    /// Whether the line has nothing but a number so far, as a list item begins.
    fn follows_a_number(&self) -> bool {
        let number = self.out[self.line..].trim_start_matches([' ', '\t', '>']);
        (1..=9).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    }
}

fn is_word(character: Option<char>) -> bool {
    character.is_some_and(char::is_alphanumeric)
}

/// Whether what follows an ampersand makes it a character reference.
fn is_reference(rest: &str) -> bool {
    let name = rest.bytes().take(40).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#');
    name.is_some_and(|end| end > 0 && rest.as_bytes()[end] == b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_where_it_would_be_markup() {
        let cases = [
            ("a * b_c _d_ <e> `f` [g]", r"a \* b_c \_d\_ \<e> \`f\` \[g\]"),
            ("# not - a # heading", r"\# not - a # heading"),
            ("1. no list", r"1\. no list"),
            ("It was 1. That", "It was 1. That"),
            ("AT&T & R&D; a|b #", r"AT&T & R\&D; a|b \#"),
        ];
        for (text, expected) in cases {
            assert_eq!(encode(&[Token::Text(text.into())], Place::Block), expected);
        }
        assert_eq!(encode(&[Token::Text("a|b".into())], Place::Cell), r"a\|b");
    }
}
