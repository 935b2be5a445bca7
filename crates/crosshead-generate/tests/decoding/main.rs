//! Constrained and diverse beam search, the loop guard, stopping, and what decoding returns.

#[path = "../models/mod.rs"]
mod models;
#[path = "../strategies/mod.rs"]
mod strategies;

mod groups;
mod loops;
mod outputs;
mod phrases;
mod speculative;
