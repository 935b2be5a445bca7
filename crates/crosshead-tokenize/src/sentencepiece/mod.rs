//! A native reader of SentencePiece model files (Kudo and Richardson 2018).

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

use crate::files::read_filled;
use crate::{CharsMapError, SentencePieceError, TokenizeError};
use charsmap::CharsMap;
use normalizer::SPACE;
pub(crate) use normalizer::SentencePieceNormalizer;
use proto::{Algorithm, Kind, ModelProto};

/// A piece of the vocabulary. Its index in the model is its id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) score: f64,
    kind: Kind,
}

/// A SentencePiece model.
#[derive(Debug)]
pub(crate) struct SentencePiece {
    pub(crate) pieces: Vec<Piece>,
    /// The index of the unknown piece.
    pub(crate) unk: usize,
    pub(crate) normalizer: SentencePieceNormalizer,
    /// The normalization rules as in the file.
    pub(crate) charsmap: Vec<u8>,
    algorithm: Algorithm,
    byte_fallback: bool,
}

impl SentencePiece {
    /// Reads a model file.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a valid Unigram or BPE model.
    pub(crate) fn read(path: &Path) -> Result<Self, TokenizeError> {
        Self::parse(&read_filled(path)?)
            .map_err(|source| TokenizeError::SentencePiece { path: path.to_owned(), source })
    }

    fn parse(bytes: &[u8]) -> Result<Self, SentencePieceError> {
        let proto = ModelProto::decode(bytes)?;
        let trainer = proto.trainer_spec.unwrap_or_default();
        let rules = proto.normalizer_spec.unwrap_or_default();
        let algorithm = trainer.model_type();
        if !matches!(algorithm, Algorithm::Unigram | Algorithm::Bpe) {
            let algorithm = format!("{algorithm:?}");
            return Err(SentencePieceError::UnsupportedType { algorithm });
        }
        if trainer.treat_whitespace_as_suffix() {
            return Err(SentencePieceError::WhitespaceAsSuffix);
        }
        let pieces = pieces(proto.pieces)?;
        let of_kind = |kind| pieces.iter().enumerate().filter(move |(_, piece)| piece.kind == kind);
        let mut unknown = of_kind(Kind::Unknown).map(|(index, _)| index);
        let (Some(unk), None) = (unknown.next(), unknown.next()) else {
            return Err(SentencePieceError::UnknownPieceCount);
        };
        let mut user_defined: Vec<String> =
            of_kind(Kind::UserDefined).map(|(_, piece)| piece.text.clone()).collect();
        user_defined.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let charsmap = rules.precompiled_charsmap().to_vec();
        let parsed = (!charsmap.is_empty()).then(|| CharsMap::parse(&charsmap)).transpose()?;
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

    /// Whether the model is BPE rather than Unigram.
    pub(crate) fn merges_pairs(&self) -> bool {
        self.algorithm == Algorithm::Bpe
    }

    /// The model that splits a text into piece indices. The score of each piece is adjusted by `adjust`. Control,
    /// unknown, unused and byte pieces get a spelling that does not occur in normalized text.
    pub(crate) fn model(&self, adjust: impl Fn(&str) -> f64) -> tokenizers::Result<ModelWrapper> {
        let of_text = |piece: &&Piece| matches!(piece.kind, Kind::Normal | Kind::UserDefined);
        let scores = self.pieces.iter().filter(of_text).map(|piece| piece.score);
        // Pieces that are never used must not lower the minimum score.
        let best = scores.fold(f64::NEG_INFINITY, f64::max);
        let entry = |piece: &Piece| match piece.kind {
            Kind::Normal | Kind::UserDefined => {
                (piece.text.clone(), piece.score + adjust(&piece.text))
            }
            // A normalized text has no such space.
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

    /// The user-defined pieces with their indices. They are never part of another piece.
    pub(crate) fn user_defined_pieces(&self) -> impl Iterator<Item = (usize, &str)> {
        let pieces = self.pieces.iter().enumerate();
        pieces
            .filter(|(_, piece)| piece.kind == Kind::UserDefined)
            .map(|(index, piece)| (index, piece.text.as_str()))
    }

    /// The index of the piece of each byte, if the model has byte fallback.
    pub(crate) fn byte_pieces(&self) -> Option<Vec<usize>> {
        let pieces = self.pieces.iter().enumerate();
        let bytes = pieces.filter(|(_, piece)| piece.kind == Kind::Byte);
        let bytes: HashMap<&str, usize> =
            bytes.map(|(index, piece)| (piece.text.as_str(), index)).collect();
        let index = |byte| bytes.get(format!("<0x{byte:02X}>").as_str()).copied();
        (0..=u8::MAX).map(index).collect::<Option<_>>().filter(|_| self.byte_fallback)
    }

    /// All pairs of pieces that form a normal piece, ordered by the score of the merged piece, best first.
    fn merges(&self) -> Vec<(String, String)> {
        let normal = self.pieces.iter().enumerate().filter(|(_, piece)| piece.kind == Kind::Normal);
        let normal: HashMap<&str, (f64, usize)> =
            normal.map(|(id, piece)| (piece.text.as_str(), (piece.score, id))).collect();
        let mut merges = Vec::new();
        for (text, (score, id)) in &normal {
            for (middle, _) in text.char_indices().skip(1) {
                let (left, right) = text.split_at(middle);
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

    /// The pre-tokenizer that splits off user-defined pieces, if there are any.
    pub(crate) fn split_user_defined(&self) -> tokenizers::Result<Option<Split>> {
        let symbols = &self.normalizer.user_defined;
        if symbols.is_empty() {
            return Ok(None);
        }
        let escaped: Vec<String> = symbols.iter().map(|symbol| regex::escape(symbol)).collect();
        let pattern = SplitPattern::Regex(escaped.join("|"));
        Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map(Some)
    }

    /// The decoder that joins pieces into text.
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

    /// The texts of the control pieces.
    pub(crate) fn control_pieces(&self) -> impl Iterator<Item = &str> {
        let is_control = |piece: &&Piece| piece.kind == Kind::Control;
        self.pieces.iter().filter(is_control).map(|piece| piece.text.as_str())
    }
}

/// Validates the precompiled rules in the normalizer of a `tokenizer.json`, because the library does not.
pub(crate) fn check_rules(normalizer: &Value) -> Result<(), CharsMapError> {
    match normalizer {
        Value::Object(fields) => {
            if let Some(Value::String(rules)) = fields.get("precompiled_charsmap") {
                let rules = BASE64_STANDARD.decode(rules)?;
                CharsMap::parse(&rules)?;
            }
            fields.values().try_for_each(check_rules)
        }
        Value::Array(steps) => steps.iter().try_for_each(check_rules),
        _ => Ok(()),
    }
}

fn pieces(protos: Vec<proto::Piece>) -> Result<Vec<Piece>, SentencePieceError> {
    let mut seen = HashSet::new();
    let mut pieces = Vec::with_capacity(protos.len());
    for (piece, proto) in protos.into_iter().enumerate() {
        let (score, kind) = (f64::from(proto.score()), proto.kind());
        let text = proto.piece.unwrap_or_default();
        if text.is_empty() {
            return Err(SentencePieceError::EmptyPiece { piece });
        }
        if !score.is_finite() {
            return Err(SentencePieceError::InvalidScore { piece, text, score });
        }
        if !seen.insert(text.clone()) {
            return Err(SentencePieceError::RepeatedPiece { piece, text });
        }
        pieces.push(Piece { text, score, kind });
    }
    Ok(pieces)
}
