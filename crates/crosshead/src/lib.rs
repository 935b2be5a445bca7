//! Transformer toolkit: translation, from training to use, on burn
