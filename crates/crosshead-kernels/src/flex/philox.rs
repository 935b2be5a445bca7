//! The words of a stream of random numbers, many blocks of the generator side by side.

use super::vectorized;
use crate::RandomKey;

/// Blocks of four words that are drawn together: enough for the compiler to use whole vectors.
const BLOCKS: usize = 32;

/// A word of each block, in the lower half of a 64-bit lane; the upper half is arbitrary.
type Lanes = [u64; BLOCKS];

/// Calls `f(value, word)` for every value with its word: those of elements `first` and on of the stream.
#[inline(always)]
pub(crate) fn for_each_word(
    key: RandomKey,
    first: u64,
    values: &mut [f32],
    f: impl Fn(&mut f32, u32),
) {
    vectorized(
        #[inline(always)]
        || {
            let (mut block, mut skip, mut rest) = (first / 4, (first % 4) as usize, values);
            while !rest.is_empty() {
                let words = blocks(key, block);
                let words = &words.as_flattened()[skip..];
                let (now, later) = rest.split_at_mut(rest.len().min(words.len()));
                now.iter_mut().zip(words).for_each(|(value, &word)| f(value, word));
                (block, skip, rest) = (block + BLOCKS as u64, 0, later);
            }
        },
    );
}

/// [`RandomKey::words`] of the blocks from `first` on.
#[inline(always)]
fn blocks(key: RandomKey, first: u64) -> [[u32; 4]; BLOCKS] {
    let mut counter = [[0; BLOCKS], [0; BLOCKS], [key.step; BLOCKS], [key.step >> 32; BLOCKS]];
    for lane in 0..BLOCKS {
        let block = first.wrapping_add(lane as u64);
        (counter[0][lane], counter[1][lane]) = (block, block >> 32);
    }
    let mut round_key = [key.stream as u32, (key.stream >> 32) as u32];
    for _ in 0..10 {
        counter = round(&counter, round_key);
        round_key =
            [round_key[0].wrapping_add(0x9e37_79b9), round_key[1].wrapping_add(0xbb67_ae85)];
    }
    let mut words = [[0; 4]; BLOCKS];
    for (lane, words) in words.iter_mut().enumerate() {
        for (word, lanes) in words.iter_mut().zip(&counter) {
            *word = lanes[lane] as u32;
        }
    }
    words
}

/// One round of Philox4x32 in every lane.
#[inline(always)]
fn round(counter: &[Lanes; 4], key: [u32; 2]) -> [Lanes; 4] {
    let [c0, c1, c2, c3] = counter;
    let mut next = [[0; BLOCKS]; 4];
    for lane in 0..BLOCKS {
        let product0 = u64::from(c0[lane] as u32) * 0xd251_1f53;
        let product2 = u64::from(c2[lane] as u32) * 0xcd9e_8d57;
        next[0][lane] = (product2 >> 32) ^ c1[lane] ^ u64::from(key[0]);
        next[1][lane] = product2;
        next[2][lane] = (product0 >> 32) ^ c3[lane] ^ u64::from(key[1]);
        next[3][lane] = product0;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_a_stream_equals_its_words_one_by_one() {
        let key = RandomKey::new(5).at_step(u64::MAX / 3);
        let carry = 4 * u64::from(u32::MAX); // where the counter's lower half overflows
        for first in [0, 1, 3, 30, carry - 9, carry + 2] {
            for len in [0, 1, 2, 127, 128, 129, 300] {
                let mut words = vec![f32::NAN; len];
                for_each_word(key, first, &mut words, |value, word| *value = f32::from_bits(word));
                for (index, word) in (first..).zip(words) {
                    let expected = key.words(index / 4)[(index % 4) as usize];
                    assert_eq!(word.to_bits(), expected, "{index}");
                }
            }
        }
    }
}
