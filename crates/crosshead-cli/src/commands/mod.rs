//! The subcommands.

mod alignment;
pub(crate) mod attention;
pub(crate) mod average;
mod chat;
pub(crate) mod classify;
pub(crate) mod completions;
mod continuation;
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
pub(crate) mod models;
pub(crate) mod plot;
mod prompt;
pub(crate) mod quantize;
pub(crate) mod rank;
pub(crate) mod recipes;
mod report;
pub(crate) mod run;
pub(crate) mod score;
#[cfg(feature = "server")]
pub(crate) mod serve;
pub(crate) mod similar;
mod splitter;
mod terms;
pub(crate) mod token_classify;
pub(crate) mod train;
pub(crate) mod translate;
pub(crate) mod write;
