//! Encoding of texts that are split into words, and the words of encoded texts.

use crate::{TokenizeError, Tokenizer};

/// The characters with which SentencePiece and byte-level tokenizers write the space before a word.
const WORD_START: [char; 2] = ['▁', 'Ġ'];

/// The ids of a text, and the word that each belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordsEncoding {
    /// The ids.
    pub ids: Vec<u32>,
    /// The index of the word of each id; none for special tokens.
    pub words: Vec<Option<usize>>,
    /// Whether tokens of the text were removed.
    pub truncated: bool,
}

impl Tokenizer {
    /// The ids of a text that is split into words, with special tokens, truncated to at most `max_len` ids. Each word is
    /// encoded alone, like `is_split_into_words=True` in `transformers`; a word may have no ids.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on a word, or `max_len` is below the number of special tokens.
    pub fn encode_words_truncated(
        &self,
        words: &[impl AsRef<str>],
        max_len: usize,
    ) -> Result<WordsEncoding, TokenizeError> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let encoding = self.pipeline.encode(&words[..], false).map_err(TokenizeError::Encode)?;
        let affixes = self.affixes()?;
        let special = affixes.count();
        let room = max_len.checked_sub(special);
        let room = room.ok_or(TokenizeError::NoRoom { max_len, special })?;
        let len = encoding.len();
        let kept = match len.saturating_sub(room) {
            excess if self.truncates_left => excess..len,
            excess => 0..len - excess,
        };
        let ids = &encoding.get_ids()[kept.clone()];
        let of_text = encoding.get_word_ids()[kept.clone()].iter();
        let none = |ids: &[u32]| vec![None; ids.len()];
        let mut of_ids = none(&affixes.before);
        of_ids.extend(of_text.map(|word| word.map(|word| word as usize)));
        of_ids.extend(none(&affixes.after));
        Ok(WordsEncoding {
            ids: affixes.around(ids.iter().copied()),
            words: of_ids,
            truncated: kept.len() < len,
        })
    }

    /// The ids of a text without special tokens, and the word that each belongs to. A word is what the tokenizer segments at
    /// once: in BERT a word or a punctuation mark, in SentencePiece what follows a space.
    ///
    /// # Errors
    /// If a component of the tokenizer fails on the text.
    pub fn encode_with_words(&self, text: &str) -> Result<WordsEncoding, TokenizeError> {
        let encoding = self.pipeline.encode(text, false).map_err(TokenizeError::Encode)?;
        let (mut words, mut last) = (Vec::with_capacity(encoding.len()), None);
        let mut word = 0;
        for (token, &split) in encoding.get_tokens().iter().zip(encoding.get_word_ids()) {
            // Some SentencePiece tokenizers segment the complete text at once.
            if last.is_some_and(|last| last != split || token.starts_with(WORD_START)) {
                word += 1;
            }
            last = Some(split);
            words.push(Some(word));
        }
        Ok(WordsEncoding { ids: encoding.get_ids().to_vec(), words, truncated: false })
    }
}
