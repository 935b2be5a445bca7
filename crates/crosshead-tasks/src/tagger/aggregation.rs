//! From labelled tokens to entities.

use std::ops::Range;

use super::Entity;

/// The label outside entities.
const OUTSIDE: &str = "O";

/// How tokens become entities: `aggregation_strategy` of `transformers`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// Each token is an entity.
    None,
    /// Adjacent tokens with the same label are one entity; a label that starts with `B-` starts another.
    #[default]
    Simple,
    /// As [`Simple`](Self::Simple), over words, each with the label of its first token.
    First,
}

/// A token, or a word, with its most probable label.
pub(super) struct Token {
    pub(super) class: u32,
    pub(super) score: f32,
    pub(super) range: Range<usize>,
    /// Whether the token is inside a word.
    pub(super) continues_word: bool,
}

impl Aggregation {
    /// The entities of a text's tokens.
    pub(super) fn entities(self, tokens: Vec<Token>, labels: &[String]) -> Vec<Entity> {
        let label = |token: &Token| labels[token.class as usize].as_str();
        let groups: Vec<Entity> = match self {
            Self::None => {
                let entity = |token: &Token| Entity {
                    label: label(token).to_owned(),
                    score: token.score,
                    range: token.range.clone(),
                };
                tokens.iter().map(entity).collect()
            }
            Self::Simple => grouped(&tokens, label),
            Self::First => grouped(&words(tokens), label),
        };
        groups.into_iter().filter(|entity| entity.label != OUTSIDE).collect()
    }
}

/// Words with the label of their first token.
fn words(tokens: Vec<Token>) -> Vec<Token> {
    let mut words: Vec<Token> = Vec::new();
    for token in tokens {
        match words.last_mut() {
            Some(word) if token.continues_word => word.range.end = token.range.end,
            Some(_) | None => words.push(token),
        }
    }
    words
}

/// Adjacent tokens of the same type as one entity.
fn grouped<'a>(tokens: &[Token], label: impl Fn(&Token) -> &'a str) -> Vec<Entity> {
    let continues = |before: &Token, token: &Token| {
        let (starts, kind) = split(label(token));
        !starts && kind == split(label(before)).1
    };
    let entity = |group: &[Token]| {
        let label = label(&group[0]);
        let total: f32 = group.iter().map(|token| token.score).sum();
        Entity {
            label: label.split_once('-').map_or(label, |(_, kind)| kind).to_owned(),
            score: total / group.len() as f32,
            range: group[0].range.start..group[group.len() - 1].range.end,
        }
    };
    tokens.chunk_by(continues).map(entity).collect()
}

/// Whether a label starts an entity, and its type.
fn split(label: &str) -> (bool, &str) {
    match (label.strip_prefix("B-"), label.strip_prefix("I-")) {
        (Some(kind), _) => (true, kind),
        (None, Some(kind)) => (false, kind),
        (None, None) => (false, label),
    }
}
