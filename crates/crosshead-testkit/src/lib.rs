#![doc = include_str!("../README.md")]

mod batch;
#[cfg(test)]
mod bricks;
mod cache;
mod causality;
mod compare;
mod dropout;
mod error;
mod fixture;
mod gradient;
mod masking;
mod padding;
mod parameters;
mod ragged;
mod random;
mod saving;
mod sequence;
mod slope;
mod torch;

pub use batch::a_batch_of_one_equals_its_row;
pub use cache::{cached_steps_equal_the_full_pass, reordered_steps_equal_the_full_pass};
pub use causality::future_tokens_do_not_change_past_outputs;
pub use compare::{assert_close, check_close};
pub use dropout::{dropout_is_off_at_inference, training_is_a_pure_function_of_the_key};
pub use error::{CheckError, Finding};
pub use fixture::Fixture;
pub use gradient::{a_gradient_reaches_every_parameter, gradients_agree_with_finite_differences};
pub use masking::{fully_masked_rows_give_zeros, masked_rows_are_finite};
pub use padding::{
    padded_rows_equal_unpadded_rows, padding_content_does_not_change_real_outputs,
    the_side_of_padding_does_not_change_real_outputs,
};
pub use parameters::{gradients_by_path, map_parameters};
pub use ragged::ragged_steps_equal_the_full_pass;
pub use random::{jittered, random};
pub use saving::saving_and_loading_changes_nothing;
pub use sequence::Sequence;
pub use torch::TorchCase;
