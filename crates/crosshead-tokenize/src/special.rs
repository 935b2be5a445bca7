/// The ids with a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialIds {
    /// Fills the end of shorter rows in a batch, and starts the decoder.
    pub pad: u32,
    /// Closes every sequence.
    pub eos: u32,
    /// Stands for characters that the vocabulary doesn't have.
    pub unk: Option<u32>,
    /// Opens a sequence, in the families that have such a token.
    pub bos: Option<u32>,
}
