//! Matrix multiplication.
//!
//! All routines compute in f32 and accumulate each sum in an order that depends only on the shape. The routines:
//!
//! | operation | shapes | routine | reason |
//! |---|---|---|---|
//! | X·Wᵀ, a projection | 1 row | [`row`] | the time is spent reading W; its rows are read one after the other, in memory order, so that the hardware prefetcher works |
//! | | 2–8 rows | [`dots`] | each row of W is read from memory once and multiplied by every row of X; the sums stay in registers |
//! | | 9–64 rows | [`panels`] | X is transposed into panels in which a vector holds one feature of several rows, so that no sums need to be reduced across lanes |
//! | | 65 or more rows | [`transpose`] W, then [`tiles`] | transposing costs less than packing the columns of Wᵀ for every tile |
//! | dX = dY·W and dW = dYᵀ·X | any | [`tiles`] | the operands can be read in place |
//! | blocks of attention, and of the output projection with its loss | any | [`serial`] | the operation itself distributes blocks over threads |
//!
//! [`dispatch`] chooses the routine for projections and is the only place that contains these bounds. Because the
//! choice depends on the number of rows, the last bits of a result may depend on it too. Within `row`, `dots` and
//! `panels`, the result of a row does not depend on the other rows.
//!
//! `row`, `dots` and `panels` use the vectors of the `pulp` crate; `serial`, and `tiles` through it, call the `gemm`
//! crate.

pub(crate) mod dispatch;
mod dots;
pub(crate) mod int8;
pub(crate) mod matrix;
mod panels;
mod prefetch;
mod row;
pub(crate) mod serial;
pub(crate) mod tiles;
mod transpose;
