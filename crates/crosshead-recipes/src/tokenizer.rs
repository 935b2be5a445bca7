//! The tokenizer of a run.

use std::path::Path;

use crosshead_tasks::model_files;
use crosshead_tokenize::{BpeConfig, Tokenizer, UnigramConfig, WordPieceConfig};

use crate::RunError;
use crate::job::Setup;
use crate::recipe::{TokenizerKind, TokenizerSection};

/// The tokenizer of a run: that of the pretrained model, that of the resumed run, or a new one. A new one is trained on the
/// training text and saved in the run directory.
pub(crate) fn load<'a>(
    section: &TokenizerSection,
    init: Option<&str>,
    setup: &Setup<'_>,
    lines: impl Iterator<Item = &'a str> + Send,
) -> Result<Tokenizer, RunError> {
    load_as(section, init, setup, lines, 0, Ok)
}

/// [`load`] for span corruption: a new tokenizer has this number of sentinels.
pub(super) fn load_with_sentinels<'a>(
    section: &TokenizerSection,
    init: Option<&str>,
    setup: &Setup<'_>,
    lines: impl Iterator<Item = &'a str> + Send,
    sentinels: usize,
) -> Result<Tokenizer, RunError> {
    load_as(section, init, setup, lines, sentinels, Ok)
}

/// Like [`load`], for a causal language model. A new tokenizer adds no special tokens: an end token after a prompt
/// would end the text.
pub(super) fn load_without_special<'a>(
    section: &TokenizerSection,
    init: Option<&str>,
    setup: &Setup<'_>,
    lines: impl Iterator<Item = &'a str> + Send,
) -> Result<Tokenizer, RunError> {
    load_as(section, init, setup, lines, 0, |tokenizer| {
        let is_bare = tokenizer.encode_with_special("")?.is_empty();
        Ok(if is_bare { tokenizer } else { tokenizer.without_special_tokens() })
    })
}

/// Like [`load`], with a change applied to a tokenizer that does not come from a pretrained model.
fn load_as<'a>(
    section: &TokenizerSection,
    init: Option<&str>,
    setup: &Setup<'_>,
    lines: impl Iterator<Item = &'a str> + Send,
    sentinels: usize,
    change: impl FnOnce(Tokenizer) -> Result<Tokenizer, RunError>,
) -> Result<Tokenizer, RunError> {
    if let Some(init) = init {
        return Ok(Tokenizer::from_dir(model_files(Path::new(init), None)?.dir())?);
    }
    let dir = setup.dir.join("tokenizer");
    if setup.resume && dir.is_dir() {
        return change(Tokenizer::from_dir(&dir)?);
    }
    let tokenizer = change(train(section, lines, sentinels)?)?;
    std::fs::create_dir_all(&dir).map_err(RunError::io(&dir))?;
    tokenizer.save(&dir)?;
    Ok(tokenizer)
}

fn train<'a>(
    section: &TokenizerSection,
    lines: impl Iterator<Item = &'a str> + Send,
    sentinels: usize,
) -> Result<Tokenizer, RunError> {
    let vocab_size = section.vocab_size.unwrap_or_default();
    Ok(match section.kind.unwrap_or(TokenizerKind::Bpe) {
        TokenizerKind::Bpe => {
            Tokenizer::train_bpe(lines, &BpeConfig::new(vocab_size).with_sentinels(sentinels))?
        }
        TokenizerKind::ByteBpe => {
            Tokenizer::train_byte_level_bpe(lines, &BpeConfig::new(vocab_size))?
        }
        TokenizerKind::WordPiece => {
            let config = WordPieceConfig::new(vocab_size)
                .with_lowercase(section.lowercase.unwrap_or_default());
            Tokenizer::train_word_piece(lines, &config)?
        }
        TokenizerKind::Unigram => {
            let config = UnigramConfig::new(vocab_size).with_sentinels(sentinels);
            Tokenizer::train_unigram(lines, &config)?
        }
        TokenizerKind::Char => Tokenizer::train_characters(lines)?,
    })
}
