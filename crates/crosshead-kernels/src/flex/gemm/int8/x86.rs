//! The vectors of x86-64 processors.
#![allow(unsafe_code)]
#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "functions that only call intrinsics, under the contract of `Vector`"
)]

use std::arch::x86_64::*;

use super::vector::Vector;

/// AVX-512 VNNI: 64 products per instruction.
pub(super) struct Vnni512;

/// AVX-VNNI: 32 products per instruction.
pub(super) struct Vnni256;

/// AVX2: 16 products per instruction. `vpmaddubsw` would saturate, so values are expanded to 16 bits.
pub(super) struct Avx2;

impl Vector for Vnni512 {
    type Words = __m512i;
    const LANES: usize = 16;
    const GROUP: usize = 4;

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    unsafe fn vectorize<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    unsafe fn zero() -> __m512i {
        _mm512_setzero_si512()
    }

    #[inline(always)]
    unsafe fn expand(values: *const u8) -> __m512i {
        _mm512_loadu_si512(values.cast())
    }

    #[inline(always)]
    unsafe fn expand_weight(values: *const i8) -> __m512i {
        _mm512_loadu_si512(values.cast())
    }

    #[inline(always)]
    unsafe fn load(words: *const i32) -> __m512i {
        _mm512_loadu_si512(words.cast())
    }

    #[inline(always)]
    unsafe fn store(words: __m512i, to: *mut i32) {
        _mm512_storeu_si512(to.cast(), words)
    }

    #[inline(always)]
    unsafe fn broadcast(word: *const i32) -> __m512i {
        _mm512_set1_epi32(word.read_unaligned())
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: __m512i, x: __m512i, weight: __m512i) -> __m512i {
        _mm512_dpbusd_epi32(sums, x, weight)
    }

    #[inline(always)]
    unsafe fn reduce(vectors: &[__m512i]) -> __m512i {
        /// Adds the even and the odd 128-bit lanes of both vectors.
        #[inline(always)]
        unsafe fn fold_lanes(a: __m512i, b: __m512i) -> __m512i {
            _mm512_add_epi32(
                _mm512_shuffle_i32x4::<0b10_00_10_00>(a, b),
                _mm512_shuffle_i32x4::<0b11_01_11_01>(a, b),
            )
        }
        #[inline(always)]
        unsafe fn fold_four(v: &[__m512i]) -> __m512i {
            let ab = _mm512_add_epi32(
                _mm512_unpacklo_epi32(v[0], v[1]),
                _mm512_unpackhi_epi32(v[0], v[1]),
            );
            let cd = _mm512_add_epi32(
                _mm512_unpacklo_epi32(v[2], v[3]),
                _mm512_unpackhi_epi32(v[2], v[3]),
            );
            _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd))
        }
        let first = fold_lanes(fold_four(&vectors[0..4]), fold_four(&vectors[4..8]));
        let second = fold_lanes(fold_four(&vectors[8..12]), fold_four(&vectors[12..16]));
        fold_lanes(first, second)
    }

    #[inline(always)]
    unsafe fn store_transposed([a, b, c, d]: [__m512i; 4], to: *mut i32, stride: usize) {
        let (ab, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (cd, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        let columns = [
            _mm512_unpacklo_epi64(ab, cd),
            _mm512_unpackhi_epi64(ab, cd),
            _mm512_unpacklo_epi64(ab_high, cd_high),
            _mm512_unpackhi_epi64(ab_high, cd_high),
        ];
        for (i, column) in columns.into_iter().enumerate() {
            let at = |lane: usize| to.add((4 * lane + i) * stride).cast();
            _mm_storeu_si128(at(0), _mm512_castsi512_si128(column));
            _mm_storeu_si128(at(1), _mm512_extracti32x4_epi32::<1>(column));
            _mm_storeu_si128(at(2), _mm512_extracti32x4_epi32::<2>(column));
            _mm_storeu_si128(at(3), _mm512_extracti32x4_epi32::<3>(column));
        }
    }
}

/// The functions shared by both kinds of 256-bit vectors.
macro_rules! shared_256 {
    () => {
        type Words = __m256i;
        const LANES: usize = 8;

        #[inline(always)]
        unsafe fn zero() -> __m256i {
            _mm256_setzero_si256()
        }

        #[inline(always)]
        unsafe fn load(words: *const i32) -> __m256i {
            _mm256_loadu_si256(words.cast())
        }

        #[inline(always)]
        unsafe fn store(words: __m256i, to: *mut i32) {
            _mm256_storeu_si256(to.cast(), words)
        }

        #[inline(always)]
        unsafe fn broadcast(word: *const i32) -> __m256i {
            _mm256_set1_epi32(word.read_unaligned())
        }

        #[inline(always)]
        unsafe fn reduce(v: &[__m256i]) -> __m256i {
            let first =
                _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
            let second =
                _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]), _mm256_hadd_epi32(v[6], v[7]));
            _mm256_add_epi32(
                _mm256_permute2x128_si256::<0x20>(first, second),
                _mm256_permute2x128_si256::<0x31>(first, second),
            )
        }

        #[inline(always)]
        unsafe fn store_transposed([a, b, c, d]: [__m256i; 4], to: *mut i32, stride: usize) {
            let (ab, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
            let (cd, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
            let columns = [
                _mm256_unpacklo_epi64(ab, cd),
                _mm256_unpackhi_epi64(ab, cd),
                _mm256_unpacklo_epi64(ab_high, cd_high),
                _mm256_unpackhi_epi64(ab_high, cd_high),
            ];
            for (i, column) in columns.into_iter().enumerate() {
                let at = |lane: usize| to.add((4 * lane + i) * stride).cast();
                _mm_storeu_si128(at(0), _mm256_castsi256_si128(column));
                _mm_storeu_si128(at(1), _mm256_extracti128_si256::<1>(column));
            }
        }
    };
}

impl Vector for Vnni256 {
    shared_256!();
    const GROUP: usize = 4;

    #[inline]
    #[target_feature(enable = "avx2,avxvnni")]
    unsafe fn vectorize<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    unsafe fn expand(values: *const u8) -> __m256i {
        _mm256_loadu_si256(values.cast())
    }

    #[inline(always)]
    unsafe fn expand_weight(values: *const i8) -> __m256i {
        _mm256_loadu_si256(values.cast())
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: __m256i, x: __m256i, weight: __m256i) -> __m256i {
        _mm256_dpbusd_avx_epi32(sums, x, weight)
    }
}

impl Vector for Avx2 {
    shared_256!();
    const GROUP: usize = 2;

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn vectorize<R>(f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    unsafe fn expand(values: *const u8) -> __m256i {
        _mm256_cvtepu8_epi16(_mm_loadu_si128(values.cast()))
    }

    #[inline(always)]
    unsafe fn expand_weight(values: *const i8) -> __m256i {
        _mm256_cvtepi8_epi16(_mm_loadu_si128(values.cast()))
    }

    #[inline(always)]
    unsafe fn multiply_add(sums: __m256i, x: __m256i, weight: __m256i) -> __m256i {
        _mm256_add_epi32(sums, _mm256_madd_epi16(x, weight))
    }
}
