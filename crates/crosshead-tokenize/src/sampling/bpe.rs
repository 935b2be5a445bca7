//! BPE-dropout (Provilkov et al. 2020).

use std::collections::HashMap;

use fastrand::Rng;
use serde::Deserialize;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::{Model, Token};

use crate::TokenizeError;

/// BPE that leaves out merges at random.
#[derive(Debug)]
pub(super) struct BpeDropout {
    /// The same model without merges: it segments a word into characters or bytes.
    characters: BPE,
    /// The rank of each merge and the token that it makes.
    merges: HashMap<(u32, u32), Merge>,
    dropout: f64,
}

#[derive(Clone, Debug)]
struct Merge {
    rank: usize,
    id: u32,
    value: String,
}

/// The part of the model's JSON form that has no accessor.
#[derive(Deserialize)]
struct Merges {
    merges: Vec<(String, String)>,
}

impl BpeDropout {
    /// # Errors
    /// If the model is malformed.
    pub(super) fn new(model: &BPE, dropout: f64) -> Result<Self, TokenizeError> {
        let failed = |error: serde_json::Error| TokenizeError::Encode(error.into());
        let json = serde_json::to_value(model).map_err(failed)?;
        let Merges { merges } = serde_json::from_value(json).map_err(failed)?;
        let vocab = model.get_vocab();
        let inside = model.continuing_subword_prefix.as_deref().unwrap_or_default();
        let merge = |(rank, (left, right)): (usize, (String, String))| {
            let value = format!("{left}{}", right.strip_prefix(inside).unwrap_or(&right));
            let id = *vocab.get(&value)?;
            let pair = (*vocab.get(&left)?, *vocab.get(&right)?);
            Some((pair, Merge { rank, id, value }))
        };
        let merges = merges.into_iter().enumerate().filter_map(merge).collect();
        let mut characters = BPE::builder()
            .vocab_and_merges(vocab.clone().into_iter().collect::<Vocab>(), Vec::new())
            .fuse_unk(model.fuse_unk)
            .byte_fallback(model.byte_fallback);
        if let Some(token) = &model.unk_token {
            characters = characters.unk_token(token.clone());
        }
        if let Some(prefix) = &model.continuing_subword_prefix {
            characters = characters.continuing_subword_prefix(prefix.clone());
        }
        if let Some(suffix) = &model.end_of_word_suffix {
            characters = characters.end_of_word_suffix(suffix.clone());
        }
        let characters = characters.build().map_err(TokenizeError::Encode)?;
        Ok(Self { characters, merges, dropout })
    }

    /// Merges the pair with the lowest rank among those that are not left out, until none remains.
    pub(super) fn segment(&self, word: &str, random: &mut Rng) -> tokenizers::Result<Vec<Token>> {
        let mut tokens = self.characters.tokenize(word)?;
        loop {
            let pairs = tokens.windows(2).enumerate();
            let possible = pairs
                .filter_map(|(at, pair)| Some((at, self.merges.get(&(pair[0].id, pair[1].id))?)));
            let kept = possible.filter(|_| random.f64() >= self.dropout);
            let Some((at, merge)) = kept.min_by_key(|(at, merge)| (merge.rank, *at)) else {
                return Ok(tokens);
            };
            let offsets = (tokens[at].offsets.0, tokens[at + 1].offsets.1);
            tokens[at] = Token::new(merge.id, merge.value.clone(), offsets);
            tokens.remove(at + 1);
        }
    }
}
