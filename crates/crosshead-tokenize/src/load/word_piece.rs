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
    if !vocabulary.contains_key(&unk) {
        let source = format!("the token for unknown words, `{unk}`, is not in it").into();
        return Err(TokenizeError::Build { path, source });
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
