//! Sampling from a unigram language model (Kudo 2018, section 3.2), by forward filtering and backward sampling.

use std::collections::HashMap;

use fastrand::Rng;
use serde::Deserialize;
use tokenizers::Token;
use tokenizers::models::unigram::Unigram;

use crate::TokenizeError;

/// How much lower the score of an unknown character is than the lowest of a piece, as in SentencePiece.
const UNKNOWN_PENALTY: f64 = 10.0;

/// A unigram model from which segmentations are drawn.
#[derive(Debug)]
pub(super) struct UnigramSampling {
    /// The id and the score of each piece.
    pieces: HashMap<String, (u32, f64)>,
    /// Characters of the longest piece.
    longest: usize,
    unk_id: u32,
    unk_score: f64,
    /// The ids of the 256 bytes, if unknown characters are encoded as bytes.
    bytes: Option<Vec<u32>>,
    alpha: f64,
}

/// A piece of a word, from one character boundary to another.
#[derive(Clone, Copy)]
struct Node {
    start: usize,
    /// None for an unknown character.
    id: Option<u32>,
    score: f64,
}

/// The part of the model's JSON form that has no accessor.
#[derive(Deserialize)]
struct Unknown {
    unk_id: Option<u32>,
}

impl UnigramSampling {
    /// # Errors
    /// If the model is malformed or has no unknown token.
    pub(super) fn new(model: &Unigram, alpha: f64) -> Result<Self, TokenizeError> {
        let failed = |error: serde_json::Error| TokenizeError::Encode(error.into());
        let json = serde_json::to_value(model).map_err(failed)?;
        let Unknown { unk_id } = serde_json::from_value(json).map_err(failed)?;
        let needed = "a unigram tokenizer with an unknown token";
        let unk_id = unk_id.ok_or(TokenizeError::Sampling { needed })?;
        let pieces: HashMap<String, (u32, f64)> = (0..)
            .zip(model.iter())
            .map(|(id, (piece, score))| (piece.clone(), (id, *score)))
            .collect();
        let byte = |byte: u8| pieces.get(&format!("<0x{byte:02X}>")).map(|(id, _)| *id);
        let bytes: Option<Vec<u32>> = (0..=u8::MAX).map(byte).collect();
        Ok(Self {
            longest: pieces.keys().map(|piece| piece.chars().count()).max().unwrap_or(1),
            unk_id,
            unk_score: model.min_score - UNKNOWN_PENALTY,
            bytes: bytes.filter(|_| model.byte_fallback()),
            alpha,
            pieces,
        })
    }

    /// Draws a segmentation with a probability proportional to exp(α · the sum of its scores).
    pub(super) fn segment(&self, word: &str, random: &mut Rng) -> Vec<Token> {
        let ends: Vec<usize> =
            word.char_indices().map(|(at, _)| at).skip(1).chain([word.len()]).collect();
        if word.is_empty() {
            return Vec::new();
        }
        let starts: Vec<usize> = [0].into_iter().chain(ends.iter().copied()).collect();
        // The log of the summed weights of all segmentations of the first i characters.
        let mut forward = vec![0.0];
        let mut nodes: Vec<Vec<Node>> = vec![Vec::new()];
        for end in 1..starts.len() {
            let of_end = self.nodes(word, &starts, end);
            let weights: Vec<f64> = of_end.iter().map(|node| self.weight(node, &forward)).collect();
            forward.push(log_sum_exp(&weights));
            nodes.push(of_end);
        }
        let mut chosen: Vec<(usize, usize, Node)> = Vec::new();
        let mut end = ends.len();
        while end > 0 {
            let weight = |node: &Node| (self.weight(node, &forward) - forward[end]).exp();
            let mut left = random.f64();
            let drawn = nodes[end].iter().find(|node| {
                left -= weight(node);
                left < 0.0
            });
            // Rounding may leave a rest after the last one.
            let node = *drawn.or(nodes[end].last()).expect("each character is at least unknown");
            chosen.push((node.start, end, node));
            end = node.start;
        }
        chosen.reverse();
        self.tokens(word, &starts, &chosen)
    }

    /// The pieces that end at a character boundary.
    fn nodes(&self, word: &str, starts: &[usize], end: usize) -> Vec<Node> {
        let piece = |start: usize| {
            let &(id, score) = self.pieces.get(&word[starts[start]..starts[end]])?;
            Some(Node { start, id: Some(id), score })
        };
        let mut nodes: Vec<Node> =
            (end.saturating_sub(self.longest)..end).filter_map(piece).collect();
        if nodes.last().is_none_or(|node| node.start + 1 < end) {
            nodes.push(Node { start: end - 1, id: None, score: self.unk_score });
        }
        nodes
    }

    /// The log of the summed weights of all segmentations that end with a node.
    fn weight(&self, node: &Node, forward: &[f64]) -> f64 {
        forward[node.start] + self.alpha * node.score
    }

    /// The tokens of a segmentation. Adjacent unknown characters are one token, or bytes.
    fn tokens(&self, word: &str, starts: &[usize], nodes: &[(usize, usize, Node)]) -> Vec<Token> {
        let mut tokens = Vec::new();
        for group in nodes.chunk_by(|a, b| a.2.id.is_none() && b.2.id.is_none()) {
            let (from, to) = (starts[group[0].0], starts[group[group.len() - 1].1]);
            let text = &word[from..to];
            match (group[0].2.id, &self.bytes) {
                (Some(id), _) => tokens.push(Token::new(id, text.to_owned(), (from, to))),
                (None, Some(bytes)) => tokens.extend(text.bytes().map(|byte| {
                    Token::new(bytes[usize::from(byte)], format!("<0x{byte:02X}>"), (from, to))
                })),
                (None, None) => tokens.push(Token::new(self.unk_id, text.to_owned(), (from, to))),
            }
        }
        tokens
    }
}

/// ln Σ exp(xᵢ).
fn log_sum_exp(values: &[f64]) -> f64 {
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    highest + values.iter().map(|value| (value - highest).exp()).sum::<f64>().ln()
}
