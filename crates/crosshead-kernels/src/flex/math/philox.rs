//! The words of a random stream, generated many blocks at a time.

use crate::flex::runtime::simd::vectorized;
use crate::random::RandomKey;

/// Blocks of four words generated at a time: enough for the compiler to use full vectors.
const BLOCKS: usize = 32;

/// Calls `f(value, word)` for every value and its word of the stream, starting at element `first`.
#[inline(always)]
pub(crate) fn for_each_word<T>(
    key: RandomKey,
    first: u64,
    values: &mut [T],
    f: impl Fn(&mut T, u32),
) {
    vectorized(
        #[inline(always)]
        move || {
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

/// [`RandomKey::words`] of [`BLOCKS`] blocks starting at `first`.
#[inline(always)]
fn blocks(key: RandomKey, first: u64) -> [[u32; 4]; BLOCKS] {
    // One word of each block, in the lower half of a 64-bit lane; the upper half is arbitrary.
    let mut counter = [[0_u64; BLOCKS]; 4];
    let [c0, c1, c2, c3] = &mut counter;
    for lane in 0..BLOCKS {
        let block = first.wrapping_add(lane as u64);
        (c0[lane], c1[lane]) = (block, block >> 32);
        (c2[lane], c3[lane]) = (key.step, key.step >> 32);
    }
    let mut round_key = [key.stream as u32, (key.stream >> 32) as u32];
    for _ in 0..10 {
        let mut next = [[0; BLOCKS]; 4];
        for lane in 0..BLOCKS {
            let product0 = u64::from(counter[0][lane] as u32) * 0xd251_1f53;
            let product2 = u64::from(counter[2][lane] as u32) * 0xcd9e_8d57;
            next[0][lane] = (product2 >> 32) ^ counter[1][lane] ^ u64::from(round_key[0]);
            next[1][lane] = product2;
            next[2][lane] = (product0 >> 32) ^ counter[3][lane] ^ u64::from(round_key[1]);
            next[3][lane] = product0;
        }
        counter = next;
        round_key =
            [round_key[0].wrapping_add(0x9e37_79b9), round_key[1].wrapping_add(0xbb67_ae85)];
    }
    let [c0, c1, c2, c3] = counter;
    let mut words = [[0; 4]; BLOCKS];
    for (lane, words) in words.iter_mut().enumerate() {
        *words = [c0[lane] as u32, c1[lane] as u32, c2[lane] as u32, c3[lane] as u32];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_range_of_a_stream_equals_its_words_one_by_one() {
        let key = RandomKey::new(5).at_step(u64::MAX / 3);
        let carry = 4 * u64::from(u32::MAX); // where the counter's lower half overflows
        for first in [0, 1, 3, 30, carry - 9, carry + 2] {
            for len in [0, 1, 2, 127, 128, 129, 300] {
                let mut words = vec![0; len];
                for_each_word(key, first, &mut words, |value, word| *value = word);
                for (index, word) in (first..).zip(words) {
                    assert_eq!(word, key.words(index / 4)[(index % 4) as usize], "{index}");
                }
            }
        }
    }
}
