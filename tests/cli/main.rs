//! Tests that run the binary as a user would.

mod adapt;
mod attention;
mod bad_input;
mod bad_tasks;
mod ctranslate2;
mod defaults;
mod documents;
mod embed;
mod encodings;
#[cfg(feature = "hub")]
mod fetch;
mod fine_tune;
mod fine_tune_texts;
mod generation;
mod glossary;
mod harness;
mod help;
mod int8;
mod lines;
mod models;
mod objectives;
mod odd_files;
mod old_runs;
mod pipelines;
mod practice;
mod real;
mod resume;
mod score;
mod sentences;
#[cfg(feature = "server")]
mod serve;
mod tasks;
mod text_files;
mod train_and_translate;
mod translators;
