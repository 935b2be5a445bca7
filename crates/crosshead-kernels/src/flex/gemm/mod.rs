//! Matrix products.
//!
//! All compute in f32 and add up each sum in an order that depends on the shape alone. Which routine multiplies:
//!
//! | product | shapes | routine | why |
//! |---|---|---|---|
//! | X·Wᵀ, a projection | 1 row | [`row`] | reading W is all the work: one row of W after the other, in the order of memory, which the processor prefetches by itself |
//! | | 2–8 rows | [`dots`] | each row of W is read from memory once and meets every row of X; the sums stay in registers |
//! | | 9–64 rows | [`panels`] | X is transposed into panels of one feature of as many rows as a vector has lanes, so that no sum has to be reduced across lanes |
//! | | 65 rows and more | [`transpose`] W, then [`tiles`] | transposing costs less than packing the columns of Wᵀ for every tile |
//! | dX = dY·W and dW = dYᵀ·X | any | [`tiles`] | the operands can be read as they are |
//! | blocks of attention, and of the output projection with its loss | any | [`serial`] | the operation itself gives blocks to threads |
//!
//! [`dispatch`] chooses for projections; it is the one place with these bounds. The choice depends on the number of
//! rows, and so may the last bits of a sum; in `row`, `dots` and `panels`, a row's result does not
//! depend on the other rows.
//! `row`, `dots` and `panels` are written with the vectors of the crate `pulp`; `serial`, and `tiles` by it, call the
//! crate `gemm`.

pub(crate) mod dispatch;
mod dots;
pub(crate) mod matrix;
mod panels;
mod prefetch;
mod row;
pub(crate) mod serial;
pub(crate) mod tiles;
mod transpose;
