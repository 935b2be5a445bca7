//! SentencePiece's model files (Kudo and Richardson 2018), read natively.

mod charsmap;
mod normalizer;
mod proto;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use prost::Message;
use serde_json::Value;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::replace::Replace;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;

use crate::TokenizeError;
use crate::files::read_filled;
use charsmap::CharsMap;
use normalizer::SPACE;
pub(crate) use normalizer::SentencePieceNormalizer;
use proto::{Algorithm, Kind, ModelProto};

/// A piece of the vocabulary; its place in the model is its id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) score: f64,
    kind: Kind,
}

/// What a model file holds.
#[derive(Debug)]
pub(crate) struct SentencePiece {
    pub(crate) pieces: Vec<Piece>,
    /// The place of the piece that stands for unknown characters.
    pub(crate) unk: usize,
    pub(crate) normalizer: SentencePieceNormalizer,
    /// The rules of normalization as they are in the file.
    pub(crate) charsmap: Vec<u8>,
    algorithm: Algorithm,
    byte_fallback: bool,
}

impl SentencePiece {
    /// Reads a model file.
    ///
    /// # Errors
    /// If the file can't be read, or is not a Unigram or BPE model of SentencePiece, whole and consistent.
    pub(crate) fn read(path: &Path) -> Result<Self, TokenizeError> {
        Self::parse(&read_filled(path)?)
            .map_err(|reason| TokenizeError::SentencePiece { path: path.to_owned(), reason })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let proto = ModelProto::decode(bytes).map_err(|error| error.to_string())?;
        let trainer = proto.trainer_spec.unwrap_or_default();
        let rules = proto.normalizer_spec.unwrap_or_default();
        let algorithm = trainer.model_type();
        if !matches!(algorithm, Algorithm::Unigram | Algorithm::Bpe) {
            return Err(format!("a model of type {algorithm:?}; Unigram and BPE can be read"));
        }
        if trainer.treat_whitespace_as_suffix() {
            return Err("`treat_whitespace_as_suffix` is set; it can't be read".to_owned());
        }
        let pieces = pieces(proto.pieces)?;
        let of_kind = |kind| pieces.iter().enumerate().filter(move |(_, piece)| piece.kind == kind);
        let mut unknown = of_kind(Kind::Unknown).map(|(place, _)| place);
        let (Some(unk), None) = (unknown.next(), unknown.next()) else {
            return Err("not exactly one piece for unknown characters".to_owned());
        };
        let mut user_defined: Vec<String> =
            of_kind(Kind::UserDefined).map(|(_, piece)| piece.text.clone()).collect();
        user_defined.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let charsmap = rules.precompiled_charsmap().to_vec();
        let parsed = (!charsmap.is_empty())
            .then(|| CharsMap::parse(&charsmap))
            .transpose()
            .map_err(|reason| format!("rules of normalization: {reason}"))?;
        let normalizer = SentencePieceNormalizer {
            rules: parsed.map(Arc::new),
            user_defined: user_defined.into(),
            add_dummy_prefix: rules.add_dummy_prefix(),
            only_at_start: false,
            remove_extra_whitespaces: rules.remove_extra_whitespaces(),
            escape_whitespaces: rules.escape_whitespaces(),
        };
        let byte_fallback = trainer.byte_fallback();
        Ok(Self { pieces, unk, normalizer, charsmap, algorithm, byte_fallback })
    }

    /// Whether the model merges pairs rather than comparing whole segmentations.
    pub(crate) fn merges_pairs(&self) -> bool {
        self.algorithm == Algorithm::Bpe
    }

    /// Cuts a text into places of pieces; `adjust` is added to the score of each. Pieces that no text is cut into are spelled
    /// so that none is.
    pub(crate) fn model(&self, adjust: impl Fn(&str) -> f64) -> tokenizers::Result<ModelWrapper> {
        let of_text = |piece: &&Piece| matches!(piece.kind, Kind::Normal | Kind::UserDefined);
        let scores = self.pieces.iter().filter(of_text).map(|piece| piece.score);
        // What is never used must not change what the worst piece is.
        let best = scores.fold(f64::NEG_INFINITY, f64::max);
        let entry = |piece: &Piece| match piece.kind {
            Kind::Normal | Kind::UserDefined => {
                (piece.text.clone(), piece.score + adjust(&piece.text))
            }
            // Once normalized, a text has no such space.
            Kind::Unknown | Kind::Control | Kind::Unused | Kind::Byte => {
                (format!(" {}", piece.text), best.max(piece.score))
            }
        };
        let entries: Vec<(String, f64)> = self.pieces.iter().map(entry).collect();
        if !self.merges_pairs() {
            return Ok(Unigram::from(entries, Some(self.unk), false)?.into());
        }
        let unk_token = entries[self.unk].0.clone();
        let ids: Vocab = entries.into_iter().zip(0..).map(|((text, _), id)| (text, id)).collect();
        let model = BPE::builder()
            .vocab_and_merges(ids, self.merges())
            .unk_token(unk_token)
            .fuse_unk(true)
            .build()?;
        Ok(model.into())
    }

    /// The pieces that are never part of another, with their places.
    pub(crate) fn whole_pieces(&self) -> impl Iterator<Item = (usize, &str)> {
        let pieces = self.pieces.iter().enumerate();
        pieces
            .filter(|(_, piece)| piece.kind == Kind::UserDefined)
            .map(|(place, piece)| (place, piece.text.as_str()))
    }

    /// The place of the piece of each byte, if unknown characters become bytes.
    pub(crate) fn byte_pieces(&self) -> Option<Vec<usize>> {
        let pieces = self.pieces.iter().enumerate();
        let bytes = pieces.filter(|(_, piece)| piece.kind == Kind::Byte);
        let bytes: HashMap<&str, usize> =
            bytes.map(|(place, piece)| (piece.text.as_str(), place)).collect();
        let place = |byte| bytes.get(format!("<0x{byte:02X}>").as_str()).copied();
        (0..=u8::MAX).map(place).collect::<Option<_>>().filter(|_| self.byte_fallback)
    }

    /// Every way to make a normal piece of two, the piece with the best score first.
    fn merges(&self) -> Vec<(String, String)> {
        let normal = self.pieces.iter().enumerate().filter(|(_, piece)| piece.kind == Kind::Normal);
        let normal: HashMap<&str, (f64, usize)> =
            normal.map(|(id, piece)| (piece.text.as_str(), (piece.score, id))).collect();
        let mut merges = Vec::new();
        for (text, (score, id)) in &normal {
            for (place, _) in text.char_indices().skip(1) {
                let (left, right) = text.split_at(place);
                if normal.contains_key(left) && normal.contains_key(right) {
                    merges.push((*score, *id, left, right));
                }
            }
        }
        merges.sort_by(|(a, b, c, d), (e, f, g, h)| {
            e.total_cmp(a).then_with(|| (b, c, d).cmp(&(f, g, h)))
        });
        merges.into_iter().map(|(_, _, left, right)| (left.to_owned(), right.to_owned())).collect()
    }

    /// Cuts out the pieces that are never part of another, if there are any.
    pub(crate) fn split_user_defined(&self) -> tokenizers::Result<Option<Split>> {
        let symbols = &self.normalizer.user_defined;
        if symbols.is_empty() {
            return Ok(None);
        }
        let escaped: Vec<String> = symbols.iter().map(|symbol| regex::escape(symbol)).collect();
        let pattern = SplitPattern::Regex(escaped.join("|"));
        Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map(Some)
    }

    /// Joins pieces to a text.
    pub(crate) fn decoder(&self) -> tokenizers::Result<Sequence> {
        let mut steps: Vec<DecoderWrapper> = vec![Replace::new(SPACE.to_string(), " ")?.into()];
        if self.byte_fallback {
            steps.push(ByteFallback::default().into());
        }
        steps.push(Fuse::default().into());
        let leading_spaces = match &self.normalizer {
            SentencePieceNormalizer { remove_extra_whitespaces: true, .. } => usize::MAX,
            SentencePieceNormalizer { add_dummy_prefix: true, .. } => 1,
            _ => 0,
        };
        steps.push(Strip::new(' ', leading_spaces, 0).into());
        Ok(Sequence::new(steps))
    }

    /// The texts of pieces that no text is cut into.
    pub(crate) fn control_pieces(&self) -> impl Iterator<Item = &str> {
        let is_control = |piece: &&Piece| piece.kind == Kind::Control;
        self.pieces.iter().filter(is_control).map(|piece| piece.text.as_str())
    }
}

/// Checks the precompiled rules in the normalizer of a `tokenizer.json`: the library follows them wherever they lead.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn check_rules(normalizer: &Value) -> Result<(), String> {
    match normalizer {
        Value::Object(fields) => {
            if let Some(Value::String(rules)) = fields.get("precompiled_charsmap") {
                let rules = BASE64_STANDARD.decode(rules).map_err(|error| error.to_string())?;
                CharsMap::parse(&rules)?;
            }
            fields.values().try_for_each(check_rules)
        }
        Value::Array(steps) => steps.iter().try_for_each(check_rules),
        _ => Ok(()),
    }
}

fn pieces(protos: Vec<proto::Piece>) -> Result<Vec<Piece>, String> {
    let mut seen = HashSet::new();
    let mut pieces = Vec::with_capacity(protos.len());
    for (id, proto) in protos.into_iter().enumerate() {
        let (score, kind) = (f64::from(proto.score()), proto.kind());
        let text = proto.piece.unwrap_or_default();
        if text.is_empty() {
            return Err(format!("piece {id} is empty"));
        }
        if !score.is_finite() {
            return Err(format!("piece {id} (`{text}`) has the score {score}"));
        }
        if !seen.insert(text.clone()) {
            return Err(format!("piece {id} (`{text}`) is there twice"));
        }
        pieces.push(Piece { text, score, kind });
    }
    Ok(pieces)
}
