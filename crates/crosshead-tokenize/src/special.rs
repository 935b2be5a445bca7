//! Tokens with a meaning of their own: their roles and ids.

use crate::TokenizeError;

/// What a token with a meaning of its own is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialRole {
    /// Fills the end of shorter rows in a batch; in encoder-decoders it also starts the decoder.
    Pad,
    /// Closes a sequence.
    Eos,
    /// Opens a sequence.
    Bos,
    /// Stands for what the vocabulary doesn't have.
    Unk,
    /// Stands before a sequence whose class is asked for.
    Cls,
    /// Stands behind a sequence, and between two.
    Sep,
    /// Hides a token that is to be guessed.
    Mask,
}

impl SpecialRole {
    /// Every role, in the order in which `transformers` adds tokens that a vocabulary lacks.
    pub const ALL: [Self; 7] =
        [Self::Bos, Self::Eos, Self::Unk, Self::Sep, Self::Pad, Self::Cls, Self::Mask];

    /// The key of `tokenizer_config.json` and `special_tokens_map.json` that names the token.
    pub fn key(self) -> &'static str {
        match self {
            Self::Pad => "pad_token",
            Self::Eos => "eos_token",
            Self::Bos => "bos_token",
            Self::Unk => "unk_token",
            Self::Cls => "cls_token",
            Self::Sep => "sep_token",
            Self::Mask => "mask_token",
        }
    }

    /// What the token is for, in words.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Pad => "padding",
            Self::Eos => "end-of-sequence",
            Self::Bos => "beginning-of-sequence",
            Self::Unk => "unknown",
            Self::Cls => "classification",
            Self::Sep => "separator",
            Self::Mask => "mask",
        }
    }

    /// Spellings by which a token with this role is known where no file names one.
    pub(crate) fn usual_names(self) -> &'static [&'static str] {
        match self {
            Self::Pad => &["<pad>", "[PAD]"],
            Self::Eos => &["</s>", "<|endoftext|>"],
            Self::Bos => &["<s>", "<|endoftext|>"],
            Self::Unk => &["<unk>", "[UNK]"],
            Self::Cls => &["[CLS]"],
            Self::Sep => &["[SEP]"],
            Self::Mask => &["<mask>", "[MASK]"],
        }
    }
}

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
