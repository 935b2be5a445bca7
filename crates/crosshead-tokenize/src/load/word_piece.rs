//! BERT's `vocab.txt`.

use tokenizers::models::wordpiece::WordPiece;

use super::directory::Directory;
use super::{Built, VOCAB_TXT};
use crate::bert::{self, BertText};
use crate::family::Family;
use crate::parts::adopt;
use crate::vocabulary::read_lines;
use crate::{SpecialRole, TokenizeError};

pub(super) fn build(directory: &mut Directory) -> Result<Built, TokenizeError> {
    directory.family = Some(Family::Bert);
    let path = directory.file(VOCAB_TXT);
    let unk = directory.required(SpecialRole::Unk)?;
    let vocabulary = read_lines(&path)?;
    // Words that are no pieces become this token.
    if !vocabulary.contains_key(&unk) {
        return Err(TokenizeError::Key { path, key: unk, reason: "no line of its own".to_owned() });
    }
    let model = WordPiece::builder()
        .vocab(vocabulary)
        .unk_token(unk)
        .build()
        .map_err(|source| TokenizeError::Build { path, source })?;
    let config = &directory.config;
    let text = BertText {
        lowercase: config.do_lower_case.unwrap_or(true),
        strip_accents: config.strip_accents,
        split_chinese: config.tokenize_chinese_chars.unwrap_or(true),
    };
    Ok(Built::new(adopt(&bert::assemble(model, text))))
}
