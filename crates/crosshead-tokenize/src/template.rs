//! The special tokens around a text.

use tokenizers::processors::template::{Piece, Sequence, Template, TemplateProcessing, Tokens};

/// A token and its id.
pub(crate) type Token = (String, u32);

/// The special tokens before, between and behind one text or two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) prefix: Vec<Token>,
    pub(crate) between: Vec<Token>,
    pub(crate) suffix: Vec<Token>,
    /// The segment of a second text and of what stands behind it; the first is 0.
    pub(crate) second_segment: u32,
}

impl Frame {
    /// A text closed by one token, as each of two is.
    pub(crate) fn closed_by(end: Token) -> Self {
        Self { between: vec![end.clone()], suffix: vec![end], ..Self::default() }
    }

    /// BERT's: a text between two tokens, a second one behind it with a segment of its own.
    pub(crate) fn of_segments(cls: Token, sep: Token) -> Self {
        Self { prefix: vec![cls], between: vec![sep.clone()], suffix: vec![sep], second_segment: 1 }
    }

    /// The post-processor that puts the tokens there.
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

fn special(tokens: &[Token], type_id: u32) -> Vec<Piece> {
    tokens.iter().map(|(token, _)| Piece::SpecialToken { id: token.clone(), type_id }).collect()
}

/// By way of JSON, because the public constructors read strings in which a token can't have spaces or colons.
fn template(pieces: &[Piece]) -> Template {
    let json = serde_json::to_value(pieces).expect("pieces have a JSON form");
    serde_json::from_value(json).expect("a template is a list of pieces")
}
