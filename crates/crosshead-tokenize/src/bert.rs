//! BERT's tokenizer pipeline (Devlin et al. 2019) for a WordPiece vocabulary.

use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

/// The options of BERT's normalizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BertText {
    /// Lowercases the text.
    pub(crate) lowercase: bool,
    /// Strips accents. If `None`, accents are stripped only if `lowercase` is set.
    pub(crate) strip_accents: Option<bool>,
    /// Treats each Chinese character as a word.
    pub(crate) split_chinese: bool,
}

/// Assembles normalization, splitting into words and punctuation, and WordPiece.
pub(crate) fn assemble(
    model: WordPiece,
    text: BertText,
) -> tokenizers::Result<tokenizers::Tokenizer> {
    let BertText { lowercase, strip_accents, split_chinese } = text;
    let mut inner = tokenizers::Tokenizer::new(model);
    inner
        .with_normalizer(Some(BertNormalizer::new(true, split_chinese, strip_accents, lowercase)))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_decoder(Some(WordPieceDecoder::new("##".to_owned(), true)));
    Ok(inner)
}
