//! CTranslate2 directories: the vocabulary defines the ids of tokens, and a separate tokenizer splits texts.

mod settings;
mod vocabulary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokenizers::AddedToken;

use self::settings::{Metadata, Settings};
use self::vocabulary::read_tokens;
use super::directory::Directory;
use super::sentencepiece::numbered;
use super::{Built, SENTENCEPIECE, SOURCE_SPM, TARGET_SPM, VOCAB_JSON, from_files};
use crate::files::{TOKENIZER, TOKENIZER_CONFIG, read};
use crate::pipeline::{NamedIds, Pipeline};
use crate::sentencepiece::SentencePiece;
use crate::template::{SpecialToken, TokenTemplate};
use crate::tokenizer::save::Files;
use crate::{SentencePieceError, SpecialIds, TokenizeError, Tokenizer};

const MODEL: &str = "model.bin";

/// The names of vocabularies, without `.json` or `.txt`.
const VOCABULARIES: [&str; 4] =
    ["shared_vocabulary", "vocabulary", "source_vocabulary", "target_vocabulary"];

/// The tokenizer files of Argos packages: a SentencePiece model or subword-nmt codes.
const ARGOS: [&str; 2] = ["sentencepiece.model", "bpe.model"];

/// The first bytes of subword-nmt codes.
const SUBWORD_NMT: &[u8] = b"#version";

/// The names of the padding token.
const PADDING: [&str; 3] = ["<pad>", "<blank>", "[PAD]"];

/// Whether this is a CTranslate2 directory.
pub(super) fn is_directory(dir: &Path) -> bool {
    let has =
        |name: &str| ["json", "txt"].iter().any(|ext| dir.join(format!("{name}.{ext}")).is_file());
    dir.join(MODEL).is_file() && VOCABULARIES.iter().any(|name| has(name))
}

/// Loads the tokenizer of a directory.
///
/// # Errors
/// If there is none, a file is malformed, or the tokenizer does not match the vocabulary.
pub(super) fn load(dir: &Path) -> Result<Tokenizer, TokenizeError> {
    let settings = Settings::read(dir)?;
    let (path, tokens) = vocabulary(dir)?;
    let package = Package::of(dir)?;
    let has = |name: &str| dir.join(name).is_file();
    if has(TOKENIZER) || has(TOKENIZER_CONFIG) || has(SOURCE_SPM) && has(VOCAB_JSON) {
        let tokenizer = from_files(dir)?;
        check(&tokenizer, &path, &tokens)?;
        return match settings.adds_to_source() {
            None => Ok(tokenizer),
            Some(key) => Err(TokenizeError::Key {
                path: dir.join(settings::CONFIG),
                key: key.to_owned(),
                reason: "is true, but the tokenizer of the directory adds special tokens itself"
                    .to_owned(),
            }),
        };
    }
    let Some((source, target)) = package.models(dir) else {
        return Err(TokenizeError::NoCt2Tokenizer { dir: dir.to_owned() });
    };
    build(dir, &source, target.as_deref(), tokens, &settings, &package)
}

/// The Argos package that contains the model's directory, if any.
struct Package {
    folder: Option<PathBuf>,
    metadata: Metadata,
}

impl Package {
    fn of(dir: &Path) -> Result<Self, TokenizeError> {
        let folder = dir.parent().filter(|parent| parent.join(settings::METADATA).is_file());
        let metadata = folder.map(Metadata::read).transpose()?.unwrap_or_default();
        Ok(Self { folder: folder.map(Path::to_owned), metadata })
    }

    /// The SentencePiece models of the source and, if there is a separate one, of the target.
    fn models(&self, dir: &Path) -> Option<(PathBuf, Option<PathBuf>)> {
        let (source, target) = (dir.join(SOURCE_SPM), dir.join(TARGET_SPM));
        if source.is_file() && target.is_file() {
            return Some((source, Some(target)));
        }
        let names = || ARGOS.iter().chain(&SENTENCEPIECE);
        let folders = std::iter::once(dir).chain(self.folder.as_deref());
        let mut paths = folders.flat_map(|folder| names().map(move |name| folder.join(name)));
        paths.find(|path| path.is_file()).map(|path| (path, None))
    }
}

/// Builds a tokenizer from SentencePiece models and a vocabulary.
fn build(
    dir: &Path,
    source: &Path,
    target: Option<&Path>,
    tokens: Vec<String>,
    settings: &Settings,
    package: &Package,
) -> Result<Tokenizer, TokenizeError> {
    let vocabulary = Arc::new(NamedIds::new(tokens));
    let id = |token: &str| vocabulary.ids.get(token).copied();
    let require = |token: &str| -> Result<SpecialToken, TokenizeError> {
        let missing = || TokenizeError::Key {
            path: dir.join(settings::CONFIG),
            key: token.to_owned(),
            reason: "is not in the vocabulary".to_owned(),
        };
        Ok((token.to_owned(), id(token).ok_or_else(missing)?))
    };
    let (unk_token, unk) = require(&settings.unk_token)?;
    let directory = Directory::of_text(dir);
    let pipeline = |path: &Path| -> Result<Pipeline, TokenizeError> {
        let model = read_model(path)?;
        let ids = model.pieces.iter().map(|piece| id(&piece.text).unwrap_or(unk)).collect();
        numbered(&directory, &model, path, ids, vocabulary.clone())
    };
    let mut built = Built::new(pipeline(source)?);
    built.target = target.map(pipeline).transpose()?;
    built.has_post_processor = true;
    let padding = PADDING.iter().find(|token| id(token).is_some());
    let prefix = package.metadata.target_prefix.as_deref().filter(|token| !token.is_empty());
    let special = [&unk_token, &settings.bos_token, &settings.eos_token].map(String::as_str);
    let special = special.into_iter().chain(padding.copied()).chain(prefix);
    let special = special.filter(|token| id(token).is_some());
    built.added = special.map(|token| AddedToken::from(token, true)).collect();
    let frame = TokenTemplate {
        prefix: settings
            .add_source_bos
            .then(|| require(&settings.bos_token))
            .into_iter()
            .collect::<Result<_, _>>()?,
        suffix: settings
            .add_source_eos
            .then(|| require(&settings.eos_token))
            .into_iter()
            .collect::<Result<_, _>>()?,
        ..TokenTemplate::default()
    };
    if !(frame.prefix.is_empty() && frame.suffix.is_empty()) {
        built.pipeline.with_post_processor(Some(frame.processor()));
    }
    let folder = source.parent().unwrap_or(dir);
    let name = source.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    built.files = Files::keep(folder, &[name, TARGET_SPM])?;
    let mut tokenizer = super::finish(&directory, built)?;
    tokenizer.special = SpecialIds {
        pad: padding.and_then(|token| id(token)),
        eos: id(&settings.eos_token),
        bos: id(&settings.bos_token),
        unk: Some(unk),
        ..SpecialIds::default()
    };
    Ok(tokenizer)
}

/// Reads a SentencePiece model.
fn read_model(path: &Path) -> Result<SentencePiece, TokenizeError> {
    if read(path)?.starts_with(SUBWORD_NMT) {
        return Err(TokenizeError::SentencePiece {
            path: path.to_owned(),
            source: SentencePieceError::SubwordNmt,
        });
    }
    SentencePiece::read(path)
}

/// Reads the vocabulary shared by source and target.
fn vocabulary(dir: &Path) -> Result<(PathBuf, Vec<String>), TokenizeError> {
    for name in ["shared_vocabulary", "vocabulary"] {
        if let Some(found) = read_tokens(dir, name)? {
            return Ok(found);
        }
    }
    let side = |name: &str| {
        let missing = || TokenizeError::Read {
            path: dir.join(format!("{name}.json")),
            source: std::io::ErrorKind::NotFound.into(),
        };
        read_tokens(dir, name)?.ok_or_else(missing)
    };
    let (source, target) = (side("source_vocabulary")?, side("target_vocabulary")?);
    if source.1 == target.1 {
        return Ok(source);
    }
    Err(TokenizeError::Key {
        path: source.0,
        key: "source_vocabulary".to_owned(),
        reason: "differs from `target_vocabulary`; source and target must share one".to_owned(),
    })
}

/// Checks that a tokenizer has the ids of the vocabulary.
fn check(tokenizer: &Tokenizer, path: &Path, tokens: &[String]) -> Result<(), TokenizeError> {
    for (id, token) in (0_u32..).zip(tokens) {
        if let Some(found) = tokenizer.id_to_token(id).filter(|found| found != token) {
            return Err(TokenizeError::Key {
                path: path.to_owned(),
                key: token.clone(),
                reason: format!(
                    "has the id {id}, which is `{found}` in the tokenizer: the files do not match"
                ),
            });
        }
    }
    Ok(())
}
