#![doc = include_str!("../README.md")]

pub mod data;
pub mod licenses;
pub mod models;
mod packed;
pub mod recipes;
