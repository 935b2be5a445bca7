//! The template that adds special tokens to one or two texts.

use tokenizers::processors::template::{Piece, Sequence, Template, TemplateProcessing, Tokens};

/// A token and its id.
pub(crate) type SpecialToken = (String, u32);

/// The special tokens before, between and after one or two texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenTemplate {
    pub(crate) prefix: Vec<SpecialToken>,
    pub(crate) between: Vec<SpecialToken>,
    pub(crate) suffix: Vec<SpecialToken>,
    /// The token type of the second text and of the tokens after it. The first text has type 0.
    pub(crate) second_segment: u32,
}

impl TokenTemplate {
    /// Appends one token to each text.
    pub(crate) fn with_end(end: SpecialToken) -> Self {
        Self { between: vec![end.clone()], suffix: vec![end], ..Self::default() }
    }

    /// BERT's template: `[CLS] A [SEP] B [SEP]`, with a separate token type for the second text.
    pub(crate) fn bert(cls: SpecialToken, sep: SpecialToken) -> Self {
        Self { prefix: vec![cls], between: vec![sep.clone()], suffix: vec![sep], second_segment: 1 }
    }

    /// The post-processor that adds the tokens.
    pub(crate) fn processor(&self) -> TemplateProcessing {
        let (first, second) = (0, self.second_segment);
        let text = |id, type_id| [Piece::Sequence { id, type_id }];
        let single = [
            special(&self.prefix, first),
            text(Sequence::A, first).into(),
            special(&self.suffix, first),
        ];
        let pair = [
            special(&self.prefix, first),
            text(Sequence::A, first).into(),
            special(&self.between, first),
            text(Sequence::B, second).into(),
            special(&self.suffix, second),
        ];
        let tokens = [&self.prefix[..], &self.between, &self.suffix].concat();
        TemplateProcessing::builder()
            .single(template(&single.concat()))
            .pair(template(&pair.concat()))
            .special_tokens(Tokens::from(tokens))
            .build()
            .expect("every special token of the templates has an id")
    }
}

fn special(tokens: &[SpecialToken], type_id: u32) -> Vec<Piece> {
    tokens.iter().map(|(token, _)| Piece::SpecialToken { id: token.clone(), type_id }).collect()
}

/// Builds the template from JSON, because the syntax parsed by the public constructors does not allow spaces or colons
/// in tokens.
fn template(pieces: &[Piece]) -> Template {
    let json = serde_json::to_value(pieces).expect("pieces have a JSON form");
    serde_json::from_value(json).expect("a template is a list of pieces")
}
