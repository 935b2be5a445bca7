//! Whole documents of every format, with translators that are easy to predict.

mod broken;
mod files;
mod identity;
mod markup;
mod properties;
mod support;
