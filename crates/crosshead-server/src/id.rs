//! Ids that cannot be guessed.

use std::fmt::Write;

/// An id of 32 hexadecimal digits.
pub(crate) fn random() -> String {
    bytes().iter().fold(String::with_capacity(32), |mut id, byte| {
        // Writing to a string does not fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// A number for sampling.
pub(crate) fn number() -> usize {
    let [a, b, c, d, ..] = bytes();
    u32::from_le_bytes([a, b, c, d]) as usize
}

fn bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    // Without a source of randomness the system does not work at all.
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}
