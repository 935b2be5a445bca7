//! The roles of special tokens.

/// The role of a special token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialRole {
    /// Fills the end of shorter rows in a batch; in encoder-decoders it also starts the decoder.
    Pad,
    /// Closes a sequence.
    Eos,
    /// Opens a sequence.
    Bos,
    /// Stands for text that the vocabulary lacks.
    Unk,
    /// Starts a sequence that is to be classified.
    Cls,
    /// Ends a sequence, and separates two.
    Sep,
    /// Hides a token that is to be predicted.
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
