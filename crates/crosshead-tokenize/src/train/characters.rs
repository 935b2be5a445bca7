//! Character-level tokenizers.

use std::collections::BTreeSet;

use tokenizers::decoders::fuse::Fuse;
use tokenizers::models::bpe::{BPE, Vocab};

use super::{END_OF_TEXT_TOKEN, UNK_TOKEN, add_last};
use crate::pipeline::from_library;
use crate::{SpecialIds, TokenizeError, Tokenizer};

impl Tokenizer {
    /// A tokenizer with the characters (Unicode scalar values) of the texts as tokens.
    ///
    /// Ids: `<unk>` 0, the characters by code point, including white space and line breaks, and `<|endoftext|>` last, which
    /// starts, ends and separates texts; encoding does not add it. Decoding restores every text of known characters. A
    /// special token spelled out in a text is ordinary text.
    ///
    /// # Errors
    /// If the texts are empty.
    pub fn train_characters<'a>(
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<Self, TokenizeError> {
        let alphabet: BTreeSet<char> = texts.flat_map(str::chars).collect();
        if alphabet.is_empty() {
            return Err(TokenizeError::EmptyText);
        }
        let unk = 0;
        let characters = alphabet.into_iter().map(String::from).zip(unk + 1..);
        // BPE without merges.
        let model = BPE::builder()
            .vocab_and_merges(
                [(UNK_TOKEN.to_owned(), unk)].into_iter().chain(characters).collect::<Vocab>(),
                Vec::new(),
            )
            .unk_token(UNK_TOKEN.to_owned())
            .build()
            .map_err(TokenizeError::Train)?;
        let mut inner = tokenizers::Tokenizer::new(model);
        inner.with_decoder(Some(Fuse::default())).set_encode_special_tokens(true);
        inner
            .add_special_tokens([tokenizers::AddedToken::from(UNK_TOKEN, true)])
            .map_err(TokenizeError::Train)?;
        let end_of_text = Some(add_last(&mut inner, END_OF_TEXT_TOKEN)?);
        let special = SpecialIds {
            bos: end_of_text,
            eos: end_of_text,
            unk: Some(unk),
            ..SpecialIds::default()
        };
        Ok(Self::new(from_library(&inner), special))
    }
}
