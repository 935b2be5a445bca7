//! Encoder and decoder layers and stacks of the Transformer
