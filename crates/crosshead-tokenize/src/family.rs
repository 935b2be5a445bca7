//! Model families, grouped by their tokenizers.

use tokenizers::AddedToken;

use crate::SpecialRole;

/// A family of models with the same kind of tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Albert,
    Bert,
    Gpt2,
    Llama,
    M2m100,
    Marian,
    MBart,
    MBart50,
    Nllb,
    Pegasus,
    Qwen2,
    Roberta,
    T5,
    XlmRoberta,
}

impl Family {
    /// The family with this `tokenizer_class` in `tokenizer_config.json`.
    pub(crate) fn of_tokenizer_class(class: &str) -> Option<Self> {
        Some(match class.strip_suffix("Fast").unwrap_or(class).strip_suffix("Tokenizer")? {
            "Albert" => Self::Albert,
            "Bert" | "DistilBert" | "Electra" | "MobileBert" => Self::Bert,
            "GPT2" => Self::Gpt2,
            "Llama" => Self::Llama,
            "M2M100" => Self::M2m100,
            "Marian" => Self::Marian,
            "MBart" => Self::MBart,
            "MBart50" => Self::MBart50,
            "Nllb" => Self::Nllb,
            "Pegasus" => Self::Pegasus,
            "Qwen2" => Self::Qwen2,
            "Roberta" | "Bart" | "Longformer" => Self::Roberta,
            "T5" => Self::T5,
            "XLMRoberta" => Self::XlmRoberta,
            _ => return None,
        })
    }

    /// The family with this `model_type` in `config.json`.
    pub(crate) fn of_model_type(model_type: &str) -> Option<Self> {
        Some(match model_type {
            "albert" => Self::Albert,
            "bert" | "distilbert" | "electra" | "mobilebert" => Self::Bert,
            "gpt2" => Self::Gpt2,
            "llama" | "mistral" => Self::Llama,
            "m2m_100" => Self::M2m100,
            "marian" => Self::Marian,
            "mbart" => Self::MBart,
            "pegasus" => Self::Pegasus,
            "qwen2" => Self::Qwen2,
            "roberta" | "bart" | "longformer" => Self::Roberta,
            "t5" | "mt5" => Self::T5,
            "xlm-roberta" => Self::XlmRoberta,
            _ => return None,
        })
    }

    /// The default token for a role, used if no file names one.
    pub(crate) fn default_token(self, role: SpecialRole) -> Option<AddedToken> {
        use SpecialRole::{Bos, Cls, Eos, Mask, Pad, Sep, Unk};
        let token = match (self, role) {
            (Self::Bert, Unk) => "[UNK]",
            (Self::Bert, Pad) => "[PAD]",
            (Self::Bert | Self::Albert, Cls) => "[CLS]",
            (Self::Bert | Self::Albert, Sep) => "[SEP]",
            (Self::Bert | Self::Albert, Mask) => "[MASK]",
            (Self::Bert, Bos | Eos) => return None,
            (Self::Albert, Bos) => "[CLS]",
            (Self::Albert, Eos) => "[SEP]",
            (Self::Gpt2, Bos | Eos | Unk) | (Self::Qwen2, Eos | Unk | Pad) => "<|endoftext|>",
            (Self::Gpt2 | Self::Qwen2, _) => return None,
            (Self::Llama, Bos) => "<s>",
            (Self::Llama, Eos) => "</s>",
            (Self::Llama, Pad | Cls | Sep | Mask) => return None,
            (Self::T5 | Self::Pegasus | Self::Marian, Eos) => "</s>",
            (Self::Pegasus, Mask) => "<mask_2>",
            (Self::T5 | Self::Pegasus | Self::Marian, Bos | Cls | Sep | Mask) => return None,
            (Self::M2m100, Cls | Mask) => return None,
            // fairseq: RoBERTa, BART, mBART, NLLB, M2M-100, XLM-R
            (_, Bos | Cls) => "<s>",
            (_, Eos | Sep) => "</s>",
            (_, Mask) => return Some(AddedToken::from("<mask>", true).lstrip(true)),
            (_, Unk) => "<unk>",
            (_, Pad) => "<pad>",
        };
        Some(AddedToken::from(token, true))
    }
}
