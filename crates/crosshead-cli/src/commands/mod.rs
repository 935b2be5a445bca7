//! The subcommands.

pub(crate) mod average;
pub(crate) mod classify;
pub(crate) mod completions;
mod document;
pub(crate) mod embed;
pub(crate) mod env;
pub(crate) mod evaluate;
#[cfg(feature = "hub")]
pub(crate) mod fetch;
pub(crate) mod fill_mask;
pub(crate) mod finetune;
pub(crate) mod generate;
mod hypotheses;
pub(crate) mod inspect;
pub(crate) mod licenses;
mod lines;
pub(crate) mod merge;
pub(crate) mod plot;
pub(crate) mod quantize;
pub(crate) mod rank;
pub(crate) mod recipes;
mod report;
pub(crate) mod score;
pub(crate) mod similar;
mod splitter;
mod terms;
pub(crate) mod token_classify;
pub(crate) mod train;
pub(crate) mod translate;
pub(crate) mod write;
