//! The ids of special tokens.

use crate::{SpecialRole, TokenizeError};

/// The ids of a tokenizer's special tokens, `None` for those it does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpecialIds {
    /// Padding, which also starts the decoder in encoder-decoders.
    pub pad: Option<u32>,
    /// End of sequence.
    pub eos: Option<u32>,
    /// Beginning of sequence.
    pub bos: Option<u32>,
    /// Unknown text.
    pub unk: Option<u32>,
    /// Start of a sequence. Its hidden state represents the sequence in classification.
    pub cls: Option<u32>,
    /// End of a sequence, and separator between two sequences.
    pub sep: Option<u32>,
    /// Masks a token to predict.
    pub mask: Option<u32>,
}

impl SpecialIds {
    /// The id of a role, if the tokenizer has one.
    pub fn get(&self, role: SpecialRole) -> Option<u32> {
        match role {
            SpecialRole::Pad => self.pad,
            SpecialRole::Eos => self.eos,
            SpecialRole::Bos => self.bos,
            SpecialRole::Unk => self.unk,
            SpecialRole::Cls => self.cls,
            SpecialRole::Sep => self.sep,
            SpecialRole::Mask => self.mask,
        }
    }

    /// The id of a role.
    ///
    /// # Errors
    /// If the tokenizer has no such token.
    pub fn require(&self, role: SpecialRole) -> Result<u32, TokenizeError> {
        self.get(role).ok_or(TokenizeError::MissingSpecialToken { role })
    }

    /// Collects the ids that `find` returns for each role.
    pub(crate) fn collect(find: impl Fn(SpecialRole) -> Option<u32>) -> Self {
        Self {
            pad: find(SpecialRole::Pad),
            eos: find(SpecialRole::Eos),
            bos: find(SpecialRole::Bos),
            unk: find(SpecialRole::Unk),
            cls: find(SpecialRole::Cls),
            sep: find(SpecialRole::Sep),
            mask: find(SpecialRole::Mask),
        }
    }
}
