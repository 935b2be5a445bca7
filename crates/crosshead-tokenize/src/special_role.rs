//! The roles of special tokens.

/// The role of a special token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialRole {
    /// Padding, which also starts the decoder in encoder-decoders.
    Pad,
    /// End of sequence.
    Eos,
    /// Beginning of sequence.
    Bos,
    /// Unknown text.
    Unk,
    /// Start of a sequence. Its hidden state represents the sequence in classification.
    Cls,
    /// End of a sequence, and separator between two sequences.
    Sep,
    /// Masks a token to predict.
    Mask,
}

impl SpecialRole {
    /// All roles, in the order in which `transformers` adds missing tokens to a vocabulary.
    pub const ALL: [Self; 7] =
        [Self::Bos, Self::Eos, Self::Unk, Self::Sep, Self::Pad, Self::Cls, Self::Mask];

    /// The key in `tokenizer_config.json` and `special_tokens_map.json` that names the token.
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

    /// The name of the role in messages.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Pad => "padding",
            Self::Eos => "end-of-sequence",
            Self::Bos => "begin-of-sequence",
            Self::Unk => "unknown",
            Self::Cls => "classification",
            Self::Sep => "separator",
            Self::Mask => "mask",
        }
    }

    /// The usual tokens for the role, for tokenizers that do not define one.
    pub(crate) fn default_names(self) -> &'static [&'static str] {
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
