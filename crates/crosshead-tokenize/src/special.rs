//! The ids of special tokens.

use crate::{SpecialRole, TokenizeError};

/// The ids with a meaning of their own, as far as a tokenizer has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpecialIds {
    /// Fills the end of shorter rows in a batch; in encoder-decoders it also starts the decoder.
    pub pad: Option<u32>,
    /// Closes a sequence.
    pub eos: Option<u32>,
    /// Opens a sequence.
    pub bos: Option<u32>,
    /// Stands for what the vocabulary doesn't have.
    pub unk: Option<u32>,
    /// Stands before a sequence whose class is asked for.
    pub cls: Option<u32>,
    /// Stands behind a sequence, and between two.
    pub sep: Option<u32>,
    /// Hides a token that is to be guessed.
    pub mask: Option<u32>,
}

impl SpecialIds {
    /// The id with a role, if the tokenizer has one.
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

    /// The id with a role that the caller can't do without.
    ///
    /// # Errors
    /// If the tokenizer has none.
    pub fn require(&self, role: SpecialRole) -> Result<u32, TokenizeError> {
        self.get(role).ok_or(TokenizeError::MissingSpecialToken { role })
    }

    /// The ids that `find` knows for the roles.
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
