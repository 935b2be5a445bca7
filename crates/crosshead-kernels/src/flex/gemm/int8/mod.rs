//! Projections X·Wᵀ in int8.
//!
//! Weights are i8 with one scale per output feature, row-major as in the file. They are not packed, so a memory-mapped
//! file is used in place. Activations are quantized to u8 with one scale and one zero point per row ([`rows`]). Sums of
//! products are exact i32, so all routines, instruction sets and numbers of threads give the same sums. The output is
//! ((Σ value · weight − zero point · Σ weight) · row scale) · feature scale, in this order; Σ weight is computed when a
//! weight is loaded.
//!
//! | rows | routine | why |
//! |---|---|---|
//! | 1–10 | [`dots`] | memory-bound: W is read once, sequentially |
//! | 11 and more | [`panels`] | compute-bound: X is transposed into panels with one row per vector lane, so no sums need to be reduced across lanes |
//! | any, without a supported instruction set | [`plain`] | |
//!
//! [`dispatch`] selects the routine; [`isa`] detects the instruction set. Both vector routines are generic over
//! [`Vector`](vector::Vector).

pub(crate) mod dispatch;
#[cfg(target_arch = "x86_64")]
mod dots;
mod isa;
mod kernel;
#[cfg(target_arch = "x86_64")]
mod panels;
mod plain;
pub(crate) mod rows;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;
