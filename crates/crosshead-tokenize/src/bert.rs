//! BERT's tokenizer (Devlin et al. 2019) around its WordPiece vocabulary.

use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

/// What BERT changes in a text before it cuts it into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BertText {
    /// Capitals become small letters.
    pub(crate) lowercase: bool,
    /// Accents are left out; without a value, where capitals are.
    pub(crate) strip_accents: Option<bool>,
    /// Chinese characters are words.
    pub(crate) split_chinese: bool,
}

/// Clean text, then words and punctuation, then WordPiece.
pub(crate) fn assemble(model: WordPiece, text: BertText) -> tokenizers::Tokenizer {
    let BertText { lowercase, strip_accents, split_chinese } = text;
    let mut inner = tokenizers::Tokenizer::new(model);
    inner
        .with_normalizer(Some(BertNormalizer::new(true, split_chinese, strip_accents, lowercase)))
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_decoder(Some(WordPieceDecoder::new("##".to_owned(), true)));
    inner
}
