//! The same numbers as Hugging Face `transformers`, from the same files.

mod encoder_decoder;
