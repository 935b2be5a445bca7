//! Projections X·Wᵀ in 8 bits.
//!
//! Weights are signed bytes with one scale for each output feature, as they are in a file: row-major, not packed, so a
//! mapped file is used in place. Rows of activations become signed bytes with one scale each ([`rows`]). The sums of
//! products are exact, so every routine, processor and number of threads gives the same ones, and the output
//! is (sum · scale of the row) · scale of the feature, in this order.
//!
//! | rows | routine | why |
//! |---|---|---|
//! | 1–12 | [`dots`] | reading W is most of the work: each row of W is read once, in the order of memory |
//! | 13 and more | [`panels`] | X is transposed into panels of one word of as many rows as a vector has lanes, so that no sum has to be reduced across lanes |
//! | any, without vectors | [`plain`] | |
//!
//! [`dispatch`] chooses; [`isa`] says which instructions the processor has. Both vector routines are written once, over
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
