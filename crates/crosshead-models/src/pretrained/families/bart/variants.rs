//! The families that share the keys and names of BART.

use crosshead_blocks::NormOrder;

use super::{Bart, Positions};

pub(in crate::pretrained::families) static BART: Bart = Bart {
    model_type: "bart",
    architecture: "BartForConditionalGeneration",
    norm_order: NormOrder::Post,
    embedding_norm: true,
    positions: Positions::Learned,
    scale_embedding: false,
    logits_bias: true,
    pad_starts: false,
    sinusoids: &[],
};

pub(in crate::pretrained::families) static MARIAN: Bart = Bart {
    model_type: "marian",
    architecture: "MarianMTModel",
    norm_order: NormOrder::Post,
    embedding_norm: false,
    positions: Positions::Concatenated,
    scale_embedding: false,
    logits_bias: true,
    pad_starts: true,
    sinusoids: &[],
};

pub(in crate::pretrained::families) static PEGASUS: Bart = Bart {
    model_type: "pegasus",
    architecture: "PegasusForConditionalGeneration",
    norm_order: NormOrder::Pre,
    embedding_norm: false,
    positions: Positions::Concatenated,
    scale_embedding: false,
    logits_bias: true,
    pad_starts: true,
    sinusoids: &["model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"],
};

pub(in crate::pretrained::families) static MBART: Bart = Bart {
    model_type: "mbart",
    architecture: "MBartForConditionalGeneration",
    norm_order: NormOrder::Pre,
    embedding_norm: true,
    positions: Positions::Learned,
    scale_embedding: false,
    logits_bias: true,
    pad_starts: false,
    sinusoids: &[],
};

pub(in crate::pretrained::families) static M2M_100: Bart = Bart {
    model_type: "m2m_100",
    architecture: "M2M100ForConditionalGeneration",
    norm_order: NormOrder::Pre,
    embedding_norm: false,
    positions: Positions::AfterPadding,
    scale_embedding: true,
    logits_bias: false,
    pad_starts: false,
    sinusoids: &[],
};
